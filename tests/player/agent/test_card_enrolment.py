"""Enrolment by a card: tried until a server of the town answers, and the card is worth nothing afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.private_authority import Authority
from tests.support.signing_town import SigningTown

from beffroi_content.trust import root_fingerprint
from beffroi_content.wire.enrolment_card import EnrolmentCard
from beffroi_player.agent.card_enrolment import CardOutcome, use_card
from beffroi_player.agent.storage import AgentStorage
from beffroi_player.agent.transport.enrolment import CodeRefused, EnrolmentError, enrol_player
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory


@pytest.fixture
def folders(tmp_path) -> tuple[StateDirectory, RuntimeDirectory]:
    state, runtime = StateDirectory(tmp_path / "state"), RuntimeDirectory(tmp_path / "runtime")
    for folder in (state.folder, state.plays, runtime.folder):
        folder.mkdir(parents=True)
    return state, runtime


def hand_out(
    state: StateDirectory, town: SigningTown, *servers: str, code: str = "7KQ2-M4XD", authorities: tuple[str, ...] = ()
) -> None:
    AgentStorage(state.folder).card.write(
        EnrolmentCard(
            site=town.anchor.site, screen=town.anchor.screen, name="Hall", code=code, servers=servers,
            root=root_fingerprint(town.anchor.root_keys.values()), made_at_ms=1, expires_at_ms=2,
            authorities=authorities,
        )
    )  # fmt: skip


def test_the_first_server_of_the_town_that_answers_is_taken(hall: SigningTown, folders) -> None:
    state, runtime = folders
    with hall.serve() as url:
        hand_out(state, hall, "http://127.0.0.1:9", url)
        assert use_card(state, runtime, "Pi", lambda _seconds: True) is CardOutcome.ENROLLED
    storage = AgentStorage(state.folder)
    found = storage.enrolment.read()
    assert found is not None
    assert (found.screen, found.server, found.anchor) == (hall.anchor.screen, url, hall.anchor)
    assert not storage.card.path.exists()
    assert not storage.card_in_hand.path.exists()
    assert state.notice_image.exists()


def test_it_is_tried_until_the_network_is_there_with_the_same_key(hall: SigningTown, folders) -> None:
    state, runtime = folders
    hand_out(state, hall, "https://screens.example")
    keys, waits = [], []

    def enrol(url, code, root, key, machine):
        keys.append(key.private_bytes_raw())
        if len(keys) < 4:
            raise EnrolmentError("no network")
        with hall.serve() as there:
            return enrol_player(there, code, root, key, machine)

    assert use_card(state, runtime, "Pi", lambda seconds: bool(waits.append(seconds)), enrol) is CardOutcome.ENROLLED
    assert len(set(keys)) == 1
    assert len(waits) == 3
    assert max(waits) <= 60


def test_a_refused_card_is_removed_and_the_screen_says_so(hall: SigningTown, folders) -> None:
    state, runtime = folders
    with hall.serve() as url:
        hand_out(state, hall, url, code="wrong-code")
        assert use_card(state, runtime, "Pi", lambda _seconds: False) is CardOutcome.REFUSED
    assert not AgentStorage(state.folder).card.path.exists()
    assert AgentStorage(state.folder).enrolment.read() is None


def test_a_server_of_another_town_is_not_believed(hall: SigningTown, folders) -> None:
    state, runtime = folders
    with hall.serve() as url:
        hand_out(state, hall, url)
        card = AgentStorage(state.folder).card.read()
        AgentStorage(state.folder).card.write(card.model_copy(update={"root": "0" * 32}))
        assert use_card(state, runtime, "Pi", lambda _seconds: True) is CardOutcome.UNANSWERED
    assert AgentStorage(state.folder).enrolment.read() is None
    assert AgentStorage(state.folder).card.path.exists()


def test_a_screen_with_an_identity_keeps_it_when_its_card_is_no_good(hall: SigningTown, folders) -> None:
    state, runtime = folders
    with hall.serve() as url:
        before = enrol_player(url, "7KQ2-M4XD", root_fingerprint(hall.anchor.root_keys.values()))
    AgentStorage(state.folder).enrolment.write(before)
    hand_out(state, hall, "https://screens.example")
    trials = []

    def enrol(*_given):
        trials.append(1)
        raise CodeRefused("403") if len(trials) > 5 else EnrolmentError("no network")

    assert use_card(state, runtime, "Pi", lambda _seconds: False, enrol) is CardOutcome.UNANSWERED
    assert use_card(state, runtime, "Pi", lambda _seconds: False, enrol) is CardOutcome.REFUSED
    assert AgentStorage(state.folder).enrolment.read() == before
    assert not state.notice_image.exists()


def test_a_server_with_a_certificate_of_the_towns_own_authority_is_believed_by_its_card(
    hall: SigningTown, folders, tmp_path: Path
) -> None:
    state, runtime = folders
    authority = Authority("town")
    with hall.serve(context=authority.server_context(tmp_path)) as url:
        for others in ((), (Authority("another").pem,)):
            hand_out(state, hall, url, authorities=others)
            assert use_card(state, runtime, "Pi", lambda _seconds: True) is CardOutcome.UNANSWERED

        hand_out(state, hall, url, authorities=(Authority("former").pem, authority.pem))
        assert use_card(state, runtime, "Pi", lambda _seconds: True) is CardOutcome.ENROLLED

        enrolment = AgentStorage(state.folder).enrolment.read()
        assert enrolment is not None
        assert enrolment.authorities[1] == authority.pem
        # What is not yet the player of a screen believes nobody for it.
        with pytest.raises(EnrolmentError, match="CERTIFICATE_VERIFY_FAILED"):
            enrol_player(url, "7KQ2-M4XD", root_fingerprint(hall.anchor.root_keys.values()))


def test_whoever_answers_without_encryption_does_not_say_who_vouches_for_it(hall: SigningTown, monkeypatch) -> None:
    answer = hall.enrolment().model_copy(update={"authorities": (Authority("stranger").pem,)})
    monkeypatch.setattr(hall, "enrolment", lambda: answer)
    with hall.serve() as url:
        found = enrol_player(url, "7KQ2-M4XD", root_fingerprint(hall.anchor.root_keys.values()))
    assert found.authorities == ()


def test_certificates_that_leave_no_room_for_a_card_are_refused(hall: SigningTown) -> None:
    pem = "-----BEGIN CERTIFICATE-----\n" + "A" * 7_000
    with pytest.raises(ValueError, match="more than 12288 characters"):
        EnrolmentCard(
            site="saint-aubin", screen="hall", name="Hall", code="7KQ2-M4XD", servers=("https://town.example",),
            root="0" * 32, authorities=(pem, pem), made_at_ms=1, expires_at_ms=2,
        )  # fmt: skip
