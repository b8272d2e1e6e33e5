"""What takes the place of what, where senders name each other's messages in their own ways."""

from __future__ import annotations

from itertools import permutations

import pytest
from tests.support.cap_files import (
    BROADCAST,
    ELSEWHERE,
    NOW,
    RENNES,
    cap_alert,
    cap_area,
    cap_info,
    only_alert,
    store_of,
)

from beffroi_server.cap.lifecycle import receive
from beffroi_server.cap.verdicts import judge

FIRST = "prefecture@example.org,MSG-1,2026-11-29T08:30:00+01:00"


def message(at: int, *infos: str, kind: str = "Update", references: str | None = FIRST, **fields: str) -> bytes:
    values = {"identifier": f"MSG-{at}", "sent": f"2026-11-29T08:3{at}:00+01:00"} | fields
    return cap_alert(*infos, msgType=kind, references=references, **values)


ORIGINAL = cap_alert()
OTHER_PLACE = cap_info(cap_area("Étoile", polygon=ELSEWHERE))
OTHER_EVENT = cap_info(event="Verglas")
BOTH_PLACES = cap_info(cap_area("Pays de Rennes", codes=[("INSEE", "35238")]), cap_area("Étoile", polygon=ELSEWHERE))


def live(*contents: bytes) -> set[str | None]:
    store = store_of(*contents)
    return {each.alert.identifier for versions in store.messages.values() for each in versions if each.end is None}


@pytest.mark.parametrize(
    ("later", "left"),
    [
        (message(4), {"MSG-4"}),
        (message(4, cap_info(severity="Extreme", headline="Orages extrêmes")), {"MSG-4"}),
        (message(4, cap_info(cap_area("pays de rennes", polygon="48,-2 48,-1.2 49,-1 48,-2"))), {"MSG-4"}),
        (message(4, cap_info(), OTHER_PLACE), {"MSG-4"}),
        # A warning that is split: one message for each place or hazard, all of them naming the first one.
        (message(4, OTHER_PLACE), {"MSG-2", "MSG-4"}),
        (message(4, OTHER_EVENT), {"MSG-2", "MSG-4"}),
        # Sent at the same instant, neither is the later one.
        (message(4, sent="2026-11-29T08:32:00+01:00"), {"MSG-2", "MSG-4"}),
        (message(4, sender="meteo@example.org"), {"MSG-2", "MSG-4"}),
        (message(4, kind="Cancel"), {"MSG-4"}),
        (message(4, cap_info(response="AllClear")), {"MSG-4"}),
        (message(4, OTHER_PLACE, kind="Cancel"), {"MSG-2", "MSG-4"}),
        (message(4, status="Test"), {"MSG-2", "MSG-4"}),
    ],
)  # fmt: skip
def test_of_two_updates_that_name_only_the_first_message_the_later_one_counts_in_any_order(later, left):
    """A cancellation that only names the first message ends its updates, too."""
    for order in permutations([ORIGINAL, message(2), later]):
        assert live(*order) == left
    # Whoever has missed the first message sees the same.
    assert live(message(2), later) == live(later, message(2)) == left


@pytest.mark.parametrize(
    ("one", "other", "left"),
    # At the same instant always the same one.
    [("08:31", "08:32", "MSG-2"), ("08:32", "08:31", "MSG-1"), ("08:31", "08:31", "MSG-2")],
)
def test_of_two_messages_that_replace_each_other_one_is_left_in_any_order(one, other, left):
    one, other = (f"2026-11-29T{each}:00+01:00" for each in (one, other))
    first = message(1, sent=one, references=f"prefecture@example.org,MSG-2,{other}")
    second = message(2, sent=other, references=f"prefecture@example.org,MSG-1,{one}")
    assert live(first, second) == live(second, first) == live(first, second, first) == {left}


def test_of_two_messages_that_replace_each_other_the_reason_names_both():
    later = message(2, references="prefecture@example.org,MSG-1,2026-11-29T08:31:00+01:00")
    earlier = only_alert(message(1, references="prefecture@example.org,MSG-2,2026-11-29T08:32:00+01:00"))
    (known,) = receive(store_of(later), earlier, NOW)[0].messages["msg-1"]
    (reason,) = judge(known, RENNES, BROADCAST, NOW).reasons
    assert (reason.code, reason.values) == ("replaced-mutually", (("by", "MSG-2"),))


def test_an_update_of_one_of_two_places_leaves_the_other_one():
    assert live(ORIGINAL, message(2, BOTH_PLACES), message(4)) == {"MSG-2", "MSG-4"}
    assert live(ORIGINAL, message(2, cap_info(), OTHER_EVENT), message(4)) == {"MSG-2", "MSG-4"}


def test_a_later_update_that_names_the_first_message_replaces_the_last_one_of_a_chain():
    second = "prefecture@example.org,MSG-2,2026-11-29T08:32:00+01:00"
    for order in permutations([ORIGINAL, message(2), message(3, references=second), message(4)]):
        assert live(*order) == {"MSG-4"}


@pytest.mark.parametrize("kind", ["Update", "Cancel"])
def test_what_is_for_a_few_takes_no_warning_from_the_public(kind):
    few = message(2, kind=kind, scope="Restricted", restriction="services de l’État")
    assert live(ORIGINAL, few) == live(few, ORIGINAL) == {"MSG-1", "MSG-2"}
    version = cap_alert(cap_info(headline="Autre"), scope="Private", sent="2026-11-29T08:32:00+01:00")
    store = store_of(ORIGINAL, version)
    assert store.known(only_alert(ORIGINAL)).end is None
    restricted = cap_alert(scope="Restricted")
    assert live(restricted, message(2, kind=kind)) == {"MSG-2"}


def test_a_message_that_arrives_cut_off_takes_no_place_of_itself_as_a_whole():
    whole = cap_alert()
    cut = whole[: whole.index(b"<polygon>")]
    for order in ([whole, cut], [cut, whole], [cut, whole, cut]):
        store = store_of(*order)
        (left,) = (each.alert for each in store.messages["msg-1"] if each.end is None)
        assert not left.is_damaged
    newer = cut.replace(b"08:30:00", b"08:31:00")
    assert store_of(whole, newer).known(only_alert(whole)).end is not None


URN = "urn:oid:2.49.0.1.840.0.77.001.1"


@pytest.mark.parametrize(
    ("identifier", "reference"),
    [
        (URN, f"https://api.weather.example/alerts/{URN}"),
        (URN, f"w@example.org,https://api.weather.example/alerts/{URN},2026-11-29T07:30:00-00:00"),
        (f"https://api.weather.example/alerts/{URN}", f"w@example.org,{URN},2026-11-29T07:30:00-00:00"),
        (f"https://a.example/{URN}", f"https://b.example/alerts/{URN}"),
        ("CAP-20261129-0001", "https://a.example/cap/CAP-20261129-0001.xml"),
    ],
)
def test_references_and_identifiers_may_be_addresses_that_end_in_the_name(identifier, reference):
    alert = cap_alert(identifier=identifier, sender="w@example.org")
    end = cap_alert(identifier="END", sender="w@example.org", msgType="Cancel", references=reference)
    assert live(alert, end) == live(end, alert) == {"END"}


def test_an_address_of_a_page_for_all_messages_names_none():
    alert = cap_alert(identifier="latest.xml")
    end = cap_alert(identifier="END", msgType="Cancel", references="https://a.example/cap/latest.xml")
    assert live(alert, end) == {"latest.xml", "END"}


def test_a_message_in_the_envelope_of_an_exercise_ends_no_real_warning():
    cancel = message(2, kind="Cancel").decode()
    envelope = f"""<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0">
        <distributionStatus>Exercise</distributionStatus><contentObject><xmlContent><embeddedXMLContent>{cancel}
        </embeddedXMLContent></xmlContent></contentObject></EDXLDistribution>""".encode()
    assert live(ORIGINAL, envelope) == {"MSG-1", "MSG-2"}
