"""Enrolment: a code becomes a screen, and whatever is wrong is refused."""

from __future__ import annotations

import hashlib

import pytest
from tests.support.signing_town import SigningTown

from beffroi_content.trust import root_fingerprint
from beffroi_player.agent.transport.enrolment import EnrolmentError, enrol_player


def test_a_code_becomes_a_screen(hall: SigningTown) -> None:
    fingerprint = root_fingerprint(hall.anchor.root_keys.values())
    typed = "-".join(fingerprint[i : i + 4] for i in range(0, 20, 4)).upper()
    with hall.serve() as url:
        enrolment = enrol_player(url + "/", "7KQ2-M4XD", typed)
    assert enrolment.server == url
    assert enrolment.anchor == hall.anchor
    # Its own, which it has told nobody.
    assert len(enrolment.trigger_key) == 64
    assert enrolment.trigger_key not in (hall.trigger_key(), *map(str, hall.requests))


def test_the_fingerprint_is_that_of_the_sorted_root_keys(hall: SigningTown) -> None:
    joined = "\n".join(sorted(hall.anchor.root_keys.values())).encode()
    assert root_fingerprint(hall.anchor.root_keys.values()) == hashlib.sha256(joined).hexdigest()


@pytest.mark.parametrize(
    ("code", "fingerprint", "why"),
    [
        ("7KQ2-M4XD", "0" * 32, "fingerprint"),
        ("7KQ2-M4XD", "0" * 15, "at least 16"),
        ("7KQ2-M4XD", "not hexadecimal at all", "at least 16"),
        ("wrong", "0" * 16, "403"),
    ],
)
def test_a_wrong_code_or_fingerprint_is_refused(hall: SigningTown, code: str, fingerprint: str, why: str) -> None:
    with hall.serve() as url, pytest.raises(EnrolmentError, match=why):
        enrol_player(url, code, fingerprint)


@pytest.mark.parametrize("url", ["screens.example.org", "file:///etc/passwd", "http://127.0.0.1:9"])
def test_what_is_no_server_is_refused(url: str) -> None:
    with pytest.raises(EnrolmentError):
        enrol_player(url, "7KQ2-M4XD", "0" * 16)


# --- files
