"""What a player believes: each attack on the wire by its name, and what becomes of it."""

import dataclasses
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from beffroi_content.model import Layout, Manifest, ScreenClass, ScreenSettings, Slide, Town, UnknownContent
from beffroi_content.timeline import ClockState
from beffroi_content.trust import (
    DocumentRefused,
    DuplicateDocument,
    TrustAnchor,
    TrustState,
    admit_document,
    concerned_topics,
)
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import ProgrammeDocument, SigningRole, next_sequence
from beffroi_content.wire.limits import decompressed_limit
from beffroi_content.wire.messages import ALERTS, PROGRAMME

HOUR = 3_600_000


def refusal(attempt, *arguments, **named) -> str:
    """Return the code with which an attempt is refused."""
    with pytest.raises(DocumentRefused) as caught:
        attempt(*arguments, **named)
    return caught.value.code


def programme(town, sequence: int) -> ProgrammeDocument:
    screen_class = ScreenClass(name="Totem", width=1080, height=1920, physical_height_mm=1200, viewing_distance_mm=3000)
    manifest = Manifest(
        screen=town.screen,
        settings=ScreenSettings(screen_class=screen_class, town=Town(name="Saint-Aubin")),
        layout=Layout.full_screen(screen_class.size),
        idle=Slide(id="idle", name="Idle", content=UnknownContent(kind="arms")),
    )
    return ProgrammeDocument(sequence=sequence, manifest=manifest, **town.times())


class TestAGenuineDocument:
    def test_is_admitted_with_its_content(self, town):
        admission = town.send_alerts(town.enrolled(), town.alerts(1, "Crue"))
        assert [alert.title for alert in admission.document.alerts] == ["Crue"]
        assert admission.topic.stream == "all/alerts"

    def test_raises_the_floor_of_its_stream_and_of_no_other(self, town):
        before = town.enrolled()
        after = town.send_alerts(before, town.alerts(7)).state
        assert after.floors["all/alerts"].sequence == 7
        assert {name: floor for name, floor in after.floors.items() if name != "all/alerts"} == before.floors

    def test_may_be_compressed(self, town):
        topic = town.topic("s-hall/programme")
        document = programme(town, 3)
        assert (
            admit_document(
                town.enrolled(), topic, town.seal(topic, document, SigningRole.PROGRAMME), town.at()
            ).document
            == document
        )

    def test_of_a_group_of_the_screen_is_for_the_screen(self, town):
        topic = town.topic("g-river/alerts")
        sealed = town.seal(topic, town.alerts(1, "Crue"), SigningRole.ALERT)
        assert admit_document(town.enrolled("river"), topic, sealed, town.at()).topic.stream == "g-river/alerts"

    def test_says_that_it_is_at_least_as_late_as_when_it_was_issued_until_a_beat_says_otherwise(self, town):
        state = town.enrolled()
        later = town.send_beat(state, town.beat(1, issued_at_ms=state.newest_at_ms + 5_000)).state
        assert later.newest_at_ms == state.newest_at_ms + 5_000
        alert = town.alerts(3)
        assert town.send_alerts(later, alert).state.newest_at_ms == later.newest_at_ms
        assert town.send_beat(later, town.beat(2)).state.newest_at_ms == town.beat(2).issued_at_ms

    def test_survives_a_restart_of_the_player(self, town):
        state = town.send_alerts(town.enrolled(), town.alerts(7)).state
        restored = TrustState.model_validate_json(state.to_json())
        assert restored == state
        assert refusal(town.send_alerts, restored, town.alerts(6)) == "rollback"


class TestForgery:
    def test_the_broker_has_no_key(self, town):
        assert refusal(self._alert_by, town, town.key("broker")) == "wrong-key"

    @pytest.mark.parametrize("role", [SigningRole.PROGRAMME, SigningRole.COMMAND, SigningRole.BEAT])
    def test_a_stolen_key_of_another_role_cannot_sign_an_alert(self, town, role):
        assert refusal(self._alert_by, town, *town.keys[role]) == "wrong-key"

    def test_not_even_a_root_key_can_sign_an_alert(self, town):
        assert refusal(self._alert_by, town, *town.root) == "wrong-key"

    def test_a_signature_under_the_name_of_the_right_key_is_checked(self, town):
        topic = town.topic("all/alerts")
        sealed = town.seal(topic, town.alerts(1, "Crue"), SigningRole.ALERT, [town.key("thief")])
        thief, right = town.identifier(town.key("thief")), town.identifier(town.keys[SigningRole.ALERT][0])
        forged = sealed.replace(thief.encode(), right.encode())
        assert refusal(admit_document, town.enrolled(), topic, forged, town.at()) == "wrong-key"

    def test_a_changed_text_does_not_verify(self, town):
        topic = town.topic("all/alerts")
        sealed = town.seal(topic, town.alerts(1, "Restez"), SigningRole.ALERT)
        assert (
            refusal(admit_document, town.enrolled(), topic, sealed.replace(b"Restez", b"Partez"), town.at())
            == "wrong-key"
        )

    def test_a_good_signature_among_foreign_ones_is_enough(self, town):
        admission = self._alert_by(town, town.key("next year"), *town.keys[SigningRole.ALERT])
        assert admission.document.sequence == 1

    def test_a_role_that_wants_two_signatures_is_not_content_with_one_given_twice(self, town):
        pair = [town.key("mayor"), town.key("prefect")]
        careful = dataclasses.replace(town, keys=town.keys | {SigningRole.ALERT: pair})
        roles = careful.key_list().roles | {SigningRole.ALERT: town.rule(pair, 2)}
        state = careful.send_keys(town.enrolled(), careful.key_list(2, roles=roles)).state
        topic = town.topic("all/alerts")
        alone = town.seal(topic, town.alerts(1, "Crue"), SigningRole.ALERT, [pair[0], pair[0]])
        both = town.seal(topic, town.alerts(1, "Crue"), SigningRole.ALERT, pair)
        assert refusal(admit_document, state, topic, alone, town.at()) == "wrong-key"
        assert admit_document(state, topic, both, town.at()).document.sequence == 1

    def _alert_by(self, town, *private):
        topic = town.topic("all/alerts")
        sealed = town.seal(topic, town.alerts(1, "Crue"), SigningRole.ALERT, list(private))
        return admit_document(town.enrolled(), topic, sealed, town.at())


class TestReplay:
    def test_an_alert_does_not_come_back_after_its_all_clear(self, town):
        topic = town.topic("all/alerts")
        recorded = town.seal(topic, town.alerts(1, "Crue"), SigningRole.ALERT)
        raised = admit_document(town.enrolled(), topic, recorded, town.at()).state
        cleared = town.send_alerts(raised, town.alerts(2)).state
        assert refusal(admit_document, cleared, topic, recorded, town.at()) == "rollback"

    def test_an_older_programme_does_not_replace_a_newer_one(self, town):
        topic = town.topic("s-hall/programme")
        state = admit_document(
            town.enrolled(), topic, town.seal(topic, programme(town, 9), SigningRole.PROGRAMME), town.at()
        ).state
        old = town.seal(topic, programme(town, 8), SigningRole.PROGRAMME)
        assert refusal(admit_document, state, topic, old, town.at()) == "rollback"

    def test_the_same_document_again_is_a_duplicate_and_no_alarm(self, town):
        state = town.send_alerts(town.enrolled(), town.alerts(1, "Crue")).state
        with pytest.raises(DuplicateDocument):
            town.send_alerts(state, town.alerts(1, "Crue"))

    def test_the_document_in_force_is_a_duplicate_even_after_its_end(self, town):
        state = town.send_alerts(town.enrolled(), town.alerts(1, "Crue")).state
        with pytest.raises(DuplicateDocument):
            town.send_alerts(state, town.alerts(1, "Crue"), town.at(2 * HOUR))

    def test_another_content_under_the_same_sequence_is_an_equivocation(self, town):
        state = town.send_alerts(town.enrolled(), town.alerts(1, "Crue")).state
        assert refusal(town.send_alerts, state, town.alerts(1, "Tempête")) == "equivocation"

    def test_a_document_does_not_verify_on_a_topic_of_another_message(self, town):
        alert = town.seal(town.topic("all/alerts"), town.alerts(1, "Crue"), SigningRole.ALERT)
        assert refusal(admit_document, town.enrolled(), town.topic("all/beat"), alert, town.at()) == "wrong-role"

    def test_a_document_with_another_role_written_over_it_does_not_verify(self, town):
        sealed = town.seal(town.topic("all/beat"), town.beat(1), SigningRole.BEAT)
        renamed = sealed.replace(b"BEFFROI1 beat", b"BEFFROI1 alert", 1)
        assert refusal(admit_document, town.enrolled(), town.topic("all/alerts"), renamed, town.at()) == "wrong-key"

    def test_the_key_of_two_roles_still_signs_for_one_at_a_time(self, town):
        both = [town.key("both")]
        shared = dataclasses.replace(town, keys=town.keys | {SigningRole.ALERT: both, SigningRole.BEAT: both})
        sealed = shared.seal(town.topic("all/beat"), town.beat(1), SigningRole.BEAT)
        renamed = sealed.replace(b"BEFFROI1 beat", b"BEFFROI1 alert", 1)
        assert refusal(admit_document, shared.enrolled(), town.topic("all/alerts"), renamed, town.at()) == "wrong-key"

    @pytest.mark.parametrize("scope", ["g-river", "s-hall"])
    def test_an_alert_for_all_does_not_verify_in_another_scope(self, town, scope):
        alert = town.seal(town.topic("all/alerts"), town.alerts(1, "Crue"), SigningRole.ALERT)
        topic = town.topic(f"{scope}/alerts")
        assert refusal(admit_document, town.enrolled("river"), topic, alert, town.at()) == "wrong-key"

    def test_an_alert_for_one_screen_does_not_verify_for_all(self, town):
        alert = town.seal(town.topic("s-hall/alerts"), town.alerts(1, "Exercice"), SigningRole.ALERT)
        assert refusal(admit_document, town.enrolled(), town.topic("all/alerts"), alert, town.at()) == "wrong-key"

    def test_the_programme_of_another_screen_is_not_for_this_one(self, town):
        topic = town.topic("s-library/programme")
        sealed = town.seal(topic, programme(town, 1), SigningRole.PROGRAMME)
        assert refusal(admit_document, town.enrolled(), topic, sealed, town.at()) == "wrong-audience"
        assert (
            refusal(admit_document, town.enrolled(), town.topic("s-hall/programme"), sealed, town.at()) == "wrong-key"
        )

    def test_a_group_that_the_screen_is_not_in_does_not_concern_it(self, town):
        topic = town.topic("g-hill/alerts")
        sealed = town.seal(topic, town.alerts(1, "Crue"), SigningRole.ALERT)
        assert refusal(admit_document, town.enrolled("river"), topic, sealed, town.at()) == "wrong-audience"

    def test_another_site_with_the_same_keys_is_still_another_site(self, town):
        twin = dataclasses.replace(town, site="saint-avold")
        sealed = twin.seal(twin.topic("all/alerts"), twin.alerts(1, "Crue"), SigningRole.ALERT)
        assert refusal(admit_document, town.enrolled(), twin.topic("all/alerts"), sealed, town.at()) == "wrong-audience"
        assert refusal(admit_document, town.enrolled(), town.topic("all/alerts"), sealed, town.at()) == "wrong-key"

    def test_what_a_player_says_is_nothing_to_be_admitted(self, town):
        assert (
            refusal(admit_document, town.enrolled(), "beffroi/1/saint-aubin/up/s-hall/report", b"{}", town.at())
            == "undeclared"
        )


class TestLateDelivery:
    def test_a_document_held_back_until_its_end_is_refused(self, town):
        assert refusal(town.send_alerts, town.enrolled(), town.alerts(1, "Crue"), town.at(HOUR)) == "expired"
        assert town.send_alerts(town.enrolled(), town.alerts(1, "Crue"), town.at(HOUR - 1)).document.alerts

    def test_a_carried_clock_is_never_ahead_so_that_its_verdict_counts(self, town):
        moment = town.at(HOUR, ClockState.CARRIED)
        assert refusal(town.send_alerts, town.enrolled(), town.alerts(1, "Crue"), moment) == "expired"

    def test_where_no_clock_can_be_believed_only_the_sequence_decides(self, town):
        moment = town.at(99 * HOUR, ClockState.UNKNOWN)
        state = town.send_alerts(town.enrolled(), town.alerts(2, "Crue"), moment).state
        assert refusal(town.send_alerts, state, town.alerts(1, "Tempête"), moment) == "rollback"

    def test_a_key_list_in_force_is_honoured_past_its_own_end(self, town):
        much_later = 2000 * HOUR
        alerts = town.alerts(1, "Crue", expires_at_ms=town.at(much_later + HOUR).unix_ms)
        assert town.send_alerts(town.enrolled(), alerts, town.at(much_later)).document == alerts


class TestFastForward:
    def test_a_thief_can_burn_the_sequences_of_a_stolen_key(self, town):
        assert (
            refusal(town.send_alerts, self._burnt(town), town.alerts(next_sequence(1, town.at().unix_ms))) == "rollback"
        )

    def test_taking_the_stolen_key_away_makes_the_stream_usable_again(self, town):
        cured = dataclasses.replace(town, keys=town.keys | {SigningRole.ALERT: [town.key("fresh")]})
        state = cured.send_keys(self._burnt(town), cured.key_list(2)).state
        assert refusal(town.send_alerts, state, town.alerts(5, "Crue")) == "wrong-key"
        assert cured.send_alerts(state, town.alerts(5, "Crue")).document.alerts

    def test_taking_a_key_away_leaves_the_sequences_of_other_roles_alone(self, town):
        state = town.send_beat(self._burnt(town), town.beat(40)).state
        cured = dataclasses.replace(town, keys=town.keys | {SigningRole.ALERT: [town.key("fresh")]})
        state = cured.send_keys(state, cured.key_list(2)).state
        assert refusal(cured.send_beat, state, town.beat(39)) == "rollback"

    def test_a_mere_addition_of_a_key_does_not_open_the_door_to_replays(self, town):
        raised = town.send_alerts(town.enrolled(), town.alerts(1, "Crue")).state
        cleared = town.send_alerts(raised, town.alerts(2)).state
        wider = dataclasses.replace(
            town, keys=town.keys | {SigningRole.ALERT: [*town.keys[SigningRole.ALERT], town.key("deputy")]}
        )
        state = wider.send_keys(cleared, wider.key_list(2)).state
        assert refusal(town.send_alerts, state, town.alerts(1, "Crue")) == "rollback"

    @pytest.mark.parametrize("role", [SigningRole.BEAT, SigningRole.ALERT])
    def test_a_date_in_the_far_future_goes_away_with_the_stolen_key(self, town, role):
        far = town.at().unix_ms + 100_000 * HOUR
        send, document = {
            SigningRole.BEAT: (town.send_beat, town.beat),
            SigningRole.ALERT: (town.send_alerts, town.alerts),
        }[role]
        misled = send(town.enrolled(), document(2, issued_at_ms=far, expires_at_ms=far + HOUR)).state
        assert misled.newest_at_ms == far
        cured = dataclasses.replace(town, keys=town.keys | {role: [town.key("fresh")]})
        assert cured.send_keys(misled, cured.key_list(2)).state.newest_at_ms == town.at().unix_ms

    def _burnt(self, town):
        return town.send_alerts(town.enrolled(), town.alerts(2**53 - 1)).state


class TestEndlessData:
    def test_more_bytes_than_the_message_may_have_are_not_even_parsed(self, town):
        assert refusal(
            admit_document, town.enrolled(), town.topic("all/alerts"), b"x" * (ALERTS.size_limit + 1), town.at()
        ) == ("too-large")

    def test_a_small_body_that_inflates_without_end_is_refused(self, town):
        topic = town.topic("s-hall/programme")
        bomb = self._sealed(town, topic, zlib.compress(b" " * (decompressed_limit() + 1), 9))
        assert len(bomb) < PROGRAMME.size_limit
        assert refusal(admit_document, town.enrolled(), topic, bomb, town.at()) == "malformed"

    @pytest.mark.parametrize("body", [b"", b"not compressed", zlib.compress(b"{}" * 99)[:-3]])
    def test_a_body_that_does_not_inflate_is_refused(self, town, body):
        topic = town.topic("s-hall/programme")
        assert (
            refusal(admit_document, town.enrolled(), topic, self._sealed(town, topic, body), town.at()) == "malformed"
        )

    def test_nothing_is_inflated_before_the_signature_is_right(self, town, monkeypatch):
        state, topic = town.enrolled(), town.topic("s-hall/programme")
        sealed = town.seal(topic, programme(town, 1), SigningRole.PROGRAMME, [town.key("broker")])
        monkeypatch.setattr(envelope.Envelope, "decode_body", lambda _: pytest.fail("a stranger's body was read"))
        assert refusal(admit_document, state, topic, sealed, town.at()) == "wrong-key"

    def _sealed(self, town, topic: str, body: bytes) -> bytes:
        """Sign bytes as they are, and say that they are compressed."""
        sealed = envelope.seal_envelope(
            SigningRole.PROGRAMME, "saint-aubin/s-hall", b"", town.keys[SigningRole.PROGRAMME]
        )
        name = sealed.split(b"\n")[1].split(b" ")[0].decode()
        message = b"BEFFROI1\0programme\0saint-aubin/s-hall\0zlib\0" + body
        signature = (
            envelope.base64.urlsafe_b64encode(town.keys[SigningRole.PROGRAMME][0].sign(message)).rstrip(b"=").decode()
        )
        return f"BEFFROI1 programme zlib\n{name} {signature}\n\n".encode() + body


class TestTheKeyList:
    def test_comes_first(self, town):
        fresh = TrustState(anchor=town.anchor())
        assert refusal(town.send_alerts, fresh, town.alerts(1, "Crue")) == "no-keys"

    def test_is_the_first_topic_to_be_read(self, town):
        assert str(concerned_topics(TrustState(anchor=town.anchor()))[0]) == town.topic("all/keys")

    def test_one_root_key_alone_is_not_enough(self, town):
        fresh = TrustState(anchor=town.anchor())
        assert refusal(town.send_keys, fresh, town.key_list(), [town.root[0]]) == "wrong-key"
        assert refusal(town.send_keys, fresh, town.key_list(), [town.root[0], town.root[0]]) == "wrong-key"

    def test_any_two_of_three_root_keys_are_enough(self, town):
        fresh = TrustState(anchor=town.anchor())
        assert town.send_keys(fresh, town.key_list(), [town.root[2], town.root[0]]).state.key_list == town.key_list()

    def test_may_not_be_signed_by_role_keys(self, town):
        online = [one for private in town.keys.values() for one in private]
        assert refusal(town.send_keys, town.enrolled(), town.key_list(2), online) == "wrong-key"

    def test_new_root_keys_need_the_consent_of_the_old_and_of_the_new(self, town):
        heirs = dataclasses.replace(town, root=[town.key(f"heir {number}") for number in range(3)])
        state, rollover = town.enrolled(), heirs.key_list(2)
        assert refusal(town.send_keys, state, rollover, town.root[:2]) == "wrong-key"
        assert refusal(town.send_keys, state, rollover, heirs.root[:2]) == "wrong-key"
        assert refusal(town.send_keys, state, rollover, [town.root[0], heirs.root[0]]) == "wrong-key"
        after = town.send_keys(state, rollover, [*town.root[:2], *heirs.root[:2]]).state
        assert refusal(town.send_keys, after, town.key_list(3), town.root[:2]) == "wrong-key"
        assert heirs.send_keys(after, heirs.key_list(3), heirs.root[1:]).document.sequence == 3

    def test_a_new_threshold_is_met_before_it_is_in_force(self, town):
        stricter = dataclasses.replace(town, threshold=3)
        assert refusal(town.send_keys, town.enrolled(), stricter.key_list(2), town.root[:2]) == "wrong-key"
        assert town.send_keys(town.enrolled(), stricter.key_list(2), town.root).document.sequence == 2

    def test_a_player_that_slept_through_a_rollover_needs_the_signatures_of_its_own_root_keys(self, town):
        heirs = dataclasses.replace(town, root=[town.key(f"heir {number}") for number in range(3)])
        sleeper = town.enrolled()
        assert refusal(town.send_keys, sleeper, heirs.key_list(9), heirs.root[:2]) == "wrong-key"
        assert town.send_keys(sleeper, heirs.key_list(9), [*heirs.root[:2], *town.root[:2]]).document.sequence == 9

    def test_an_older_list_does_not_bring_a_withdrawn_key_back(self, town):
        cured = dataclasses.replace(town, keys=town.keys | {SigningRole.ALERT: [town.key("fresh")]})
        state = cured.send_keys(town.enrolled(), cured.key_list(3)).state
        assert refusal(town.send_keys, state, town.key_list(2)) == "rollback"

    def test_a_key_that_is_listed_but_has_no_role_signs_nothing(self, town):
        roles = {role: rule for role, rule in town.key_list().roles.items() if role is not SigningRole.COMMAND}
        state = town.send_keys(town.enrolled(), town.key_list(2, roles=roles)).state
        topic = town.topic("s-hall/command")
        sealed = envelope.seal_envelope(
            SigningRole.COMMAND, "saint-aubin/s-hall", b"{}", town.keys[SigningRole.COMMAND]
        )
        assert refusal(admit_document, state, topic, sealed, town.at()) == "wrong-key"

    def test_a_role_of_a_newer_version_does_not_stop_an_older_player(self, town):
        text = town.key_list(2).to_json().replace(b'"roles":{', b'"roles":{"weather":{"keys":["0123456789abcdef"]},')
        topic = town.topic("all/keys")
        sealed = envelope.seal_envelope(SigningRole.ROOT, "saint-aubin/all", text, town.root[:2])
        admission = admit_document(town.enrolled(), topic, sealed, town.at())
        assert admission.document.roles == town.key_list().roles

    def test_a_key_under_a_false_name_is_refused(self, town):
        keys = dict(town.key_list().keys)
        one, other = list(keys)[-2:]
        keys[one], keys[other] = keys[other], keys[one]
        assert refusal(town.send_keys, town.enrolled(), town.key_list(2, keys=keys)) == "invalid"

    def test_a_list_without_root_keys_cannot_be_written(self, town):
        with pytest.raises(ValidationError, match="root"):
            town.key_list(2, roles={SigningRole.ALERT: town.rule(town.keys[SigningRole.ALERT])})

    def test_a_role_whose_keys_are_not_listed_cannot_be_written(self, town):
        roles = town.key_list().roles | {SigningRole.ALERT: town.rule([town.key("stranger")])}
        with pytest.raises(ValidationError, match="does not contain"):
            town.key_list(2, roles=roles)

    def test_a_threshold_that_nobody_can_meet_cannot_be_written(self, town):
        with pytest.raises(ValidationError, match="threshold"):
            town.rule(town.root, 4)


class TestTheAnchor:
    @pytest.mark.parametrize("threshold", [0, 4])
    def test_has_a_threshold_that_can_be_met_and_means_something(self, town, threshold):
        with pytest.raises(ValidationError):
            TrustAnchor.model_validate(dict(town.anchor()) | {"threshold": threshold})

    def test_names_each_key_by_its_own_digest(self, town):
        one, other, *_ = town.anchor().root_keys.items()
        with pytest.raises(ValidationError, match="identifier"):
            TrustAnchor(site="saint-aubin", screen="hall", root_keys={one[0]: other[1]}, threshold=1)

    def test_lists_every_topic_that_concerns_the_screen_and_no_other(self, town):
        assert [str(topic) for topic in concerned_topics(town.enrolled("river"))] == [
            town.topic(leaf)
            for leaf in (
                "all/keys",
                "all/alerts",
                "g-river/alerts",
                "s-hall/alerts",
                "all/beat",
                "all/scenarios",
                "g-river/scenarios",
                "s-hall/scenarios",
                "s-hall/programme",
                "s-hall/command",
            )
        ]


class TestMalformedEnvelopes:
    @pytest.mark.parametrize(
        "spoil",
        [
            lambda sealed: sealed[:0],
            lambda sealed: sealed[:60],
            lambda sealed: sealed.replace(b"BEFFROI1", b"BEFFROI2", 1),
            lambda sealed: sealed.replace(b" json", b" yaml", 1),
            lambda sealed: sealed.replace(b" alert", b" mayor", 1),
            lambda sealed: sealed.replace(b"\n\n", b"\n", 1),
            lambda sealed: sealed.replace(b"\n", b"\r\n"),
            lambda sealed: b"\n" + sealed,
            lambda sealed: sealed.replace(b" json\n", b" json\n\n", 1),
        ],
        ids=["empty", "cut", "domain", "encoding", "role", "one-line-feed", "carriage-returns", "leading", "unsigned"],
    )
    def test_are_refused(self, town, spoil):
        topic = town.topic("all/alerts")
        sealed = town.seal(topic, town.alerts(1, "Crue"), SigningRole.ALERT)
        assert refusal(admit_document, town.enrolled(), topic, spoil(sealed), town.at()) == "malformed"

    def test_a_retained_message_that_was_deleted_changes_nothing(self, town):
        assert refusal(admit_document, town.enrolled(), town.topic("all/alerts"), b"", town.at()) == "malformed"

    def test_more_signatures_than_anybody_needs_are_not_looked_at(self, town):
        topic = town.topic("all/alerts")
        many = [*town.keys[SigningRole.ALERT], *(town.key(f"stranger {number}") for number in range(16))]
        sealed = town.seal(topic, town.alerts(1, "Crue"), SigningRole.ALERT, many)
        assert refusal(admit_document, town.enrolled(), topic, sealed, town.at()) == "malformed"

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"[]",
            b"{}",
            b'{"sequence":0,"issued_at_ms":1,"expires_at_ms":1}',
            b'{"sequence":9007199254740992,"issued_at_ms":1,"expires_at_ms":1}',
            b'{"sequence":1,"issued_at_ms":-1,"expires_at_ms":1}',
            b'{"sequence":NaN,"issued_at_ms":1,"expires_at_ms":1}',
            b'{"sequence":1,"issued_at_ms":1,"expires_at_ms":1,"alerts":[{}]}',
            b"[" * 100_000,
            b"\xff\xfe",
        ],
    )
    def test_a_signed_body_that_is_not_the_document_is_invalid(self, town, text):
        sealed = envelope.seal_envelope(SigningRole.ALERT, "saint-aubin/all", text, town.keys[SigningRole.ALERT])
        assert refusal(admit_document, town.enrolled(), town.topic("all/alerts"), sealed, town.at()) == "invalid"

    def test_a_time_zone_that_this_machine_does_not_know_is_invalid(self, town):
        text = programme(town, 1).to_json().replace(b"Europe/Paris", b"Europe/Ys")
        sealed = envelope.seal_envelope(
            SigningRole.PROGRAMME, "saint-aubin/s-hall", text, town.keys[SigningRole.PROGRAMME]
        )
        assert refusal(admit_document, town.enrolled(), town.topic("s-hall/programme"), sealed, town.at()) == "invalid"

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "beffroi/1/saint-aubin/down/all/weather",
            "beffroi/1/saint-aubin/down/s-hall/beat",
            "beffroi/2/saint-aubin/down/all/alerts",
            "beffroi/1/saint-aubin/down/all/alerts\n",
            "beffroi/1/+/down/all/alerts",
            "$SYS/broker/version",
        ],
    )
    def test_a_topic_that_is_not_declared_carries_nothing(self, town, name):
        assert refusal(admit_document, town.enrolled(), name, b"", town.at()) == "undeclared"


class TestWhateverArrives:
    @given(data=st.data())
    def test_a_flipped_bit_is_refused(self, town, data):
        topic = town.topic("all/alerts")
        sealed = bytearray(town.seal(topic, town.alerts(1, "Crue de la Vère"), SigningRole.ALERT))
        bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
        sealed[bit // 8] ^= 1 << bit % 8
        assert refusal(admit_document, town.enrolled(), topic, bytes(sealed), town.at()) in {
            "malformed",
            "wrong-role",
            "wrong-key",
        }

    def test_every_flipped_bit_of_the_header_is_refused(self, town):
        topic, state = town.topic("all/alerts"), town.enrolled()
        sealed = town.seal(topic, town.alerts(1, "Crue de la Vère"), SigningRole.ALERT)
        for bit in range(8 * (sealed.index(b"\n\n") + 2)):
            flipped = bytearray(sealed)
            flipped[bit // 8] ^= 1 << bit % 8
            assert refusal(admit_document, state, topic, bytes(flipped), town.at()) in {
                "malformed",
                "wrong-role",
                "wrong-key",
            }

    @given(data=st.data())
    def test_a_document_cut_short_is_refused(self, town, data):
        topic = town.topic("s-hall/programme")
        sealed = town.seal(topic, programme(town, 1), SigningRole.PROGRAMME)
        end = data.draw(st.integers(0, len(sealed) - 1))
        assert refusal(admit_document, town.enrolled(), topic, sealed[:end], town.at()) in {"malformed", "wrong-key"}

    @given(leaf=st.sampled_from(["all/keys", "all/alerts", "all/beat", "s-hall/programme"]), payload=st.binary())
    def test_noise_is_refused(self, town, leaf, payload):
        assert refusal(admit_document, town.enrolled(), town.topic(leaf), payload, town.at()) == "malformed"

    @given(name=st.text(), payload=st.binary())
    def test_noise_on_any_topic_is_refused(self, town, name, payload):
        assert refusal(admit_document, town.enrolled(), name, payload, town.at()) == "undeclared"

    @given(text=st.binary(max_size=200) | st.from_regex(r'\{"sequence":[0-9]{1,20},("[a-z_]{0,12}":[0-9]{1,20},?)*\}'))
    def test_signed_noise_is_refused_too(self, town, text):
        body = text if isinstance(text, bytes) else text.encode()
        sealed = envelope.seal_envelope(SigningRole.BEAT, "saint-aubin/all", body, town.keys[SigningRole.BEAT])
        assert refusal(admit_document, town.enrolled(), town.topic("all/beat"), sealed, town.at()) == "invalid"

    @given(
        deliveries=st.lists(
            st.tuples(
                st.sampled_from(["all", "g-river", "s-hall"]),
                st.integers(1, 6),
                st.sampled_from(["Crue", "Tempête"]),
                st.integers(0, 2).map(lambda hours: hours * HOUR),
                st.sampled_from(ClockState),
            ),
            max_size=12,
        )
    )
    def test_sequences_of_admitted_documents_only_rise_and_a_refusal_changes_nothing(self, town, deliveries):
        state, admitted = town.enrolled("river"), {}
        for scope, sequence, title, offset, clock in deliveries:
            topic = town.topic(f"{scope}/alerts")
            sealed = town.seal(topic, town.alerts(sequence, title), SigningRole.ALERT)
            before = state.to_json()
            try:
                state = admit_document(state, topic, sealed, town.at(offset, clock)).state
            except (DocumentRefused, DuplicateDocument):
                assert state.to_json() == before
                continue
            assert sequence > admitted.get(scope, 0)
            admitted[scope] = sequence
        assert {f"{scope}/alerts": sequence for scope, sequence in admitted.items()} == {
            stream: floor.sequence for stream, floor in state.floors.items() if stream != "all/keys"
        }
