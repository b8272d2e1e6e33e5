"""Thirty-five traps of CAP as it is sent, each a way in which a reader shows what is wrong or hides what is right."""

from __future__ import annotations

import contextlib
import time

import pytest
from tests.support.cap_files import (
    AROUND_RENNES,
    BROADCAST,
    ELSEWHERE,
    NOW,
    RENNES,
    cap_alert,
    cap_area,
    cap_info,
    decision_of,
    instant,
    only_alert,
    store_of,
    verdict_of,
)

from beffroi_server.cap.area_matching import Position, area_position
from beffroi_server.cap.levels import Colour, colour_of
from beffroi_server.cap.lifecycle import Change, receive
from beffroi_server.cap.lifetimes import lifetime
from beffroi_server.cap.messages import CapUnreadable
from beffroi_server.cap.outside_warnings import outside_warnings
from beffroi_server.cap.places import make_place
from beffroi_server.cap.policy import Policy, PolicyRule
from beffroi_server.cap.reader import read_document
from beffroi_server.cap.texts import for_screens

CAP_10, CAP_11 = "http://www.incident.com/cap/1.0", "urn:oasis:names:tc:emergency:cap:1.1"
FIRST = "prefecture@example.org,MSG-1,2026-11-29T08:30:00+01:00"
ATOM = 'xmlns="http://www.w3.org/2005/Atom" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2"'


def entry(code: str, area: str, *, link: str = "https://feeds.example.org/warnings/1", identifier: str = "FR.1") -> str:
    return (
        f"<entry><id>{link}?area={code}</id><title>Yellow warning - {area}</title>"
        f'<link href="https://meteo.example.org?geocode={code}" hreflang="en"/>'
        f'<link href="{link}" type="application/cap+xml"/>'
        f"<cap:identifier>{identifier}</cap:identifier><cap:sent>2026-11-29T08:00:00+01:00</cap:sent>"
        "<cap:status>Actual</cap:status><cap:message_type>Alert</cap:message_type><cap:scope>Public</cap:scope>"
        "<cap:event>Moderate wind warning</cap:event><cap:severity>Moderate</cap:severity>"
        "<cap:urgency>Future</cap:urgency><cap:certainty>Likely</cap:certainty>"
        f"<cap:expires>2026-11-30T00:00:00+01:00</cap:expires><cap:areaDesc>{area}</cap:areaDesc>"
        f"<cap:geocode><valueName>NUTS3</valueName><value>{code}</value></cap:geocode></entry>"
    )


FEED = f"<feed {ATOM}>{entry('FR523', 'Ille et Vilaine')}{entry('FR821', 'Alpes')}</feed>".encode()


def headlines(store, now=NOW) -> list[str | None]:
    return [part.info.headline for each in outside_warnings(store, now) for part in each.parts]


@pytest.mark.parametrize("xmlns", ["", CAP_10, CAP_11, "urn:oasis:names:tc:emergency:cap:1.2", "urn:example:other"])
def test_trap_01_every_edition_and_namespace_is_read_in_any_order_of_elements(xmlns):
    alert = only_alert(
        cap_alert(xmlns=xmlns)
        .replace(b"<status>Actual</status>", b"", 1)
        .replace(b"</alert>", b"<status> actual </status></alert>")
    )
    assert (alert.identifier, alert.status, len(alert.infos)) == ("MSG-1", "Actual", 1)


def test_trap_01_prefixes_and_wrong_cases_are_read():
    text = cap_alert(cap_info(severity="SEVERE", urgency="immediate")).decode()
    prefixed = text.replace("<", "<cap:").replace("<cap:/", "</cap:").replace("xmlns=", "xmlns:cap=")
    info = only_alert(prefixed.encode()).infos[0]
    assert (info.severity, info.urgency, info.areas[0].description) == ("Severe", "Immediate", "Pays de Rennes")


def test_trap_01_very_likely_of_cap_1_0_is_likely():
    assert only_alert(cap_alert(cap_info(certainty="Very Likely"), xmlns=CAP_10)).infos[0].certainty == "Likely"


@pytest.mark.parametrize(("urgency", "hours"), [("Immediate", 1), ("Expected", 6), ("Unknown", 6)])
def test_trap_02_a_warning_without_an_end_ends_by_default(urgency, hours):
    alert = only_alert(cap_alert(cap_info(expires=None, urgency=urgency)))
    found = lifetime(alert, alert.infos[0])
    assert ((found.ends - alert.sent).total_seconds(), found.is_default) == (hours * 3600, True)
    renewed = lifetime(alert, alert.infos[0], seen=instant("2026-12-05T00:00:00+01:00"))
    assert (renewed.ends - alert.sent).total_seconds() == 24 * 3600


def test_trap_03_a_warning_that_is_left_on_for_weeks_ends():
    weeks = cap_alert(cap_info(expires="2027-01-15T00:00:00+01:00"))
    assert decision_of(weeks, now=instant("2026-12-05T00:00:00+01:00")) == ("ignore", "over-capped")


def test_trap_04_long_texts_are_kept_whole():
    text = "Restez chez vous. " * 250
    assert only_alert(cap_alert(cap_info(description=text))).infos[0].description == text.strip()


def test_trap_04_what_is_left_out_of_an_endless_text_is_named():
    long = cap_alert(cap_info(description="Restez chez vous. " * 6_000))
    found = read_document(long)
    assert len(found.alerts[0].infos[0].description) == 100_000
    assert [(note.code, note.where) for note in found.notes] == [("long-text", "MSG-1, info 1 description")]


def test_trap_05_no_headline_is_no_empty_page():
    assert only_alert(cap_alert(cap_info(headline=None))).infos[0].headline == "Orages violents – Pays de Rennes"


def test_trap_06_an_update_with_an_all_clear_is_no_new_warning():
    end = cap_alert(
        cap_info(
            response="AllClear", severity="Moderate", effective="2026-11-29T08:46:00+01:00",
            onset="2026-11-29T08:40:00+01:00", expires="2026-11-29T08:46:00+01:00",
            parameters=[("awareness_level", "2; yellow; Moderate")],
        ),
        identifier="MSG-2", msgType="Update", references=FIRST,
    )  # fmt: skip
    assert decision_of(end) == ("ignore", "all-clear")
    assert headlines(store_of(cap_alert(), end)) == []


def test_trap_07_a_message_that_is_spread_over_entries_is_one():
    found = read_document(FEED)
    (summary,) = found.alerts
    assert [area.description for area in summary.infos[0].areas] == ["Ille et Vilaine", "Alpes"]
    assert [link.address for link in found.links] == ["https://feeds.example.org/warnings/1"]
    assert found.links[0].identifier == "FR.1"


def test_trap_07_a_summary_beside_its_message_is_left_out():
    message = cap_alert(identifier="FR.1").decode()
    feed = FEED.decode().replace("</feed>", f"<entry><content>{message}</content></entry></feed>")
    assert only_alert(feed.encode()).is_summary is False


def test_trap_08_the_summary_of_a_feed_is_never_broadcast():
    verdict = verdict_of(FEED)
    assert (verdict.decision, [each.code for each in verdict.reasons]) == ("propose", ["summary", "rule"])
    full = cap_alert(identifier="FR.1", sent="2026-11-29T08:00:00+01:00")
    both = receive(store_of(FEED), only_alert(full), NOW)
    assert both[1].change is Change.UPDATED
    assert receive(both[0], only_alert(FEED), NOW)[1].change is Change.REPEATED


def test_trap_09_the_language_of_the_town_is_in_the_message_not_in_the_feed():
    both = cap_alert(cap_info(language="en-GB", headline="Storm"), cap_info(language="fr-FR", headline="Orages"))
    assert [info.headline for info in verdict_of(both).infos] == ["Orages"]


def test_trap_10_the_colour_counts_where_the_severity_says_otherwise():
    yellow = cap_alert(cap_info(severity="Severe", parameters=[("awareness_level", "2; yellow; Moderate")]))
    policy = Policy(rules=(PolicyRule(decision="broadcast", severity=("Severe", "Extreme")),))
    assert decision_of(yellow, policy=policy) == ("propose", "default")
    assert verdict_of(yellow).level == "vigilance"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"expires": "2026-11-29T08:59:00+01:00"}, "over"),
        ({"parameters": [("awareness_level", "1; green; Minor")], "severity": "Minor"}, "green"),
    ],
)
def test_trap_11_feeds_list_what_is_over_and_what_is_green(fields, reason):
    assert decision_of(cap_alert(cap_info(**fields))) == ("ignore", reason)


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "Required Weekly Test"}, {"event": "Probealarm"}, {"event": "Exercice"}, {"event": "Test message"},
        {"parameters": [("VTEC", "/T.NEW.KTFX.TO.W.0001.261129T0000Z-261129T0100Z/")]},
        {"event_codes": [("SAME", "RWT")]}, {"event_codes": [("SAME", "DMO")]},
    ],
)  # fmt: skip
def test_trap_12_tests_are_sent_as_actual(fields):
    assert decision_of(cap_alert(cap_info(severity="Extreme", **fields))) == ("ignore", "test-event")


@pytest.mark.parametrize(
    "fields",
    [
        {"headline": "Sirenentest am Donnerstag"}, {"headline": "Exercice de sécurité civile"},
        {"description": "Ceci est un exercice. Aucune action."}, {"description": "This is a test of the system."},
        {"headline": "Essai mensuel des sirènes"}, {"headline": "THIS IS A TEST"}, {"event": "Simulacro de sismo"},
        {"description": "Message d’exercice. Ne pas en tenir compte."}, {"instruction": "[TEST] Évacuez la zone."},
        {"description": "EXERCICE : rupture de barrage."}, {"description": "Scénario fictif d’accident."},
        {"description": "Ceci est un message de test."}, {"description": "Le feu approche du bourg TEST, partez."},
        {"event": "Tsunami exercise"}, {"headline": "Teste de sirene"},
        {"senderName": "SIDPC 35 (essai)"}, {"headline": "防災訓練"}, {"headline": "Учебная тревога"},
    ],
)  # fmt: skip
def test_trap_13_what_looks_like_a_test_goes_to_a_person(fields):
    assert decision_of(cap_alert(cap_info(**fields))) == ("propose", "looks-like-test")


@pytest.mark.parametrize(
    "fields",
    [
        {"headline": "Fin d’alerte : orages"}, {"event": "Fin de vigilance orange"},
        {"headline": "Entwarnung: Hochwasser"},
        {"headline": "CANCELLED: Severe Thunderstorm Warning"}, {"event": "All-Clear"}, {"headline": "Faran är över"},
    ],
)  # fmt: skip
def test_trap_06_an_end_in_words_alone_goes_to_a_person(fields):
    assert decision_of(cap_alert(cap_info(**fields))) == ("propose", "looks-like-end")


@pytest.mark.parametrize("response", ["Shelter", "Evacuate"])
def test_trap_06_an_all_clear_that_asks_people_to_take_shelter_goes_to_a_person(response):
    both = cap_info(response="AllClear").replace("<urgency>", f"<responseType>{response}</responseType><urgency>")
    assert decision_of(cap_alert(both)) == ("propose", "looks-like-end")
    monitor = cap_info(response="AllClear").replace("<urgency>", "<responseType>Monitor</responseType><urgency>")
    assert decision_of(cap_alert(monitor)) == ("ignore", "all-clear")


def test_trap_06_an_all_clear_is_one_in_the_languages_that_leave_the_response_out():
    clear = cap_info(response="AllClear")
    assert decision_of(cap_alert(clear, cap_info(language="en-GB"))) == ("ignore", "all-clear")
    other = cap_info(language="en-GB", response="Avoid")
    assert decision_of(cap_alert(clear, other))[0] == "broadcast"
    later = cap_info(language="en-GB", onset="2026-11-29T12:00:00+01:00")
    assert decision_of(cap_alert(clear, later))[0] == "broadcast"


@pytest.mark.parametrize(
    ("name", "value", "colour"),
    [
        # A number has one digit.
        ("awareness_level", "10; purple; Extreme", Colour.RED), ("Awareness-Level", "3;ORANGE", Colour.ORANGE),
        ("awareness_level", "Level 3", Colour.ORANGE), ("awareness_level", "yellow", Colour.YELLOW),
        ("ColourCode", "Orange", Colour.ORANGE), ("AEMET-Meteoalerta nivel", "rojo", Colour.RED),
        ("Niveau", "jaune", Colour.YELLOW), ("AlertLevel", "Watch and Act", None),
    ],
)  # fmt: skip
def test_trap_10_colours_come_under_many_names(name, value, colour):
    info = only_alert(cap_alert(cap_info(parameters=[(name, value)]))).infos[0]
    assert colour_of(info) is colour


@pytest.mark.parametrize(
    "fields",
    [
        {"sender": "cap-test@example.org"}, {"identifier": "FR-EXERCICE-7"},
        {"extra": "<incidents>exercice ORSEC</incidents>"}, {"extra": "<code>layer:TEST:1.0</code>"},
    ],
)  # fmt: skip
def test_trap_13_the_names_of_a_message_and_of_its_sender_may_say_that_it_is_a_test(fields):
    assert decision_of(cap_alert(**fields)) == ("propose", "looks-like-test")


@pytest.mark.parametrize(
    "fields",
    [
        {"description": "Exercise caution near rivers. Water tests are under way."},
        {"headline": "Attestation requise"},
        {"description": "Test results of the water are awaited."},
        {"instruction": "* EXERCISE CAUTION near the river."},
        {"description": "Dans l’exercice de vos activités, soyez prudents."},
        {"headline": "Exercise extreme caution"}, {"description": "GO TO THE NEAREST COVID TEST CENTRE NOW."},
        {"headline": "Avoid outdoor exercise"},
        {"instruction": "Exercez-vous à la prudence."},
        {"headline": "Latest storm", "event": "Protestation"},
        {"headline": "Feu de forêt à La Teste-de-Buch"}, {"senderName": "Latest Weather Protest Service"},
    ],
)  # fmt: skip
def test_trap_13_words_that_only_resemble_a_test_do_not_hold_a_warning_up(fields):
    assert decision_of(cap_alert(cap_info(**fields)))[0] == "broadcast"


def test_trap_14_the_same_message_twice_is_one():
    store, outcome = receive(store_of(cap_alert()), only_alert(cap_alert()), NOW)
    assert outcome.change is Change.REPEATED
    assert len(headlines(store)) == 1


def test_trap_15_an_update_replaces_every_message_that_it_names():
    other = cap_alert(cap_info(headline="Deux"), identifier="MSG-2", sent="2026-11-29T08:31:00+01:00")
    update = cap_alert(
        cap_info(headline="Trois"), identifier="MSG-3", msgType="Update",
        references=f"{FIRST}\n\t prefecture@example.org,MSG-2,2026-11-29T08:31:00+01:00",
    )  # fmt: skip
    assert headlines(store_of(cap_alert(), other, update)) == ["Trois"]


@pytest.mark.parametrize("references", [None, "prefecture@example.org,OTHER,2026-11-29T08:30:00+01:00", "###"])
def test_trap_16_a_cancellation_of_something_unknown_ends_nothing(references):
    cancel = only_alert(cap_alert(identifier="C", msgType="Cancel", references=references))
    store, outcome = receive(store_of(cap_alert()), cancel, NOW)
    assert len(headlines(store)) == 1
    assert len(outcome.unknown_references) == (1 if references else 0)


def test_trap_17_a_cancellation_is_never_shown_however_grave_it_is():
    cancel = cap_alert(cap_info(severity="Extreme"), msgType="Cancel", references=FIRST, identifier="C")
    assert decision_of(cancel) == ("ignore", "cancel")
    assert headlines(store_of(cancel)) == []


def test_trap_18_a_cancellation_under_the_same_identifier_says_so_in_any_order():
    cancel = cap_alert(msgType="Cancel", sent="2026-11-29T08:50:00+01:00")
    for order in ((cap_alert(), cancel), (cancel, cap_alert())):
        (ended,) = [each for each in store_of(*order).messages["msg-1"] if each.alert.msg_type == "Alert"]
        assert ended.end.kind == "cancel"


def test_trap_18_a_cancellation_may_come_before_its_alert():
    cancel = cap_alert(identifier="C", msgType="Cancel", references=FIRST)
    store, outcome = receive(store_of(cancel), only_alert(cap_alert()), NOW)
    assert outcome.change is Change.SUPERSEDED
    assert headlines(store) == []


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"status": "Draft"}, "ignore"), ({"status": "System"}, "ignore"), ({"status": "Test"}, "ignore"),
        ({"status": "Exercise"}, "ignore"), ({"scope": "Private"}, "ignore"), ({"scope": "Restricted"}, "ignore"),
        ({"msgType": "Ack"}, "ignore"), ({"msgType": "Error"}, "ignore"), ({"status": None}, "propose"),
        ({"scope": None}, "propose"), ({"msgType": None}, "propose"), ({"scope": "Everyone"}, "propose"),
        ({"sent": None}, "propose"), ({"identifier": None}, "propose"),
    ],
)  # fmt: skip
def test_trap_19_status_type_and_scope_close_the_way_to_the_street(fields, expected):
    assert decision_of(cap_alert(**fields))[0] == expected


def test_trap_20_restricted_messages_and_exercises_need_an_explicit_policy():
    policy = Policy(rules=BROADCAST.rules, restricted="propose", tests="propose")
    assert decision_of(cap_alert(scope="Restricted"), policy=policy) == ("propose", "policy-restricted")
    assert decision_of(cap_alert(status="Exercise"), policy=policy) == ("propose", "policy-tests")
    assert decision_of(cap_alert(scope="Private"), policy=policy)[0] == "ignore"


def test_trap_21_a_test_ends_no_real_warning():
    cancel = cap_alert(identifier="C", msgType="Cancel", status="Test", references=FIRST)
    assert len(headlines(store_of(cap_alert(), cancel))) == 1


def test_trap_21_the_same_identifier_of_two_senders_is_two_messages():
    one, other = cap_alert(sender="one@example.org"), cap_alert(cap_info(headline="Autre"), sender="other@example.org")
    cancel = cap_alert(identifier="C", msgType="Cancel", references=FIRST.replace("prefecture", "one"))
    assert headlines(store_of(one, other, cancel)) == headlines(store_of(one, cancel, other)) == ["Autre"]


BOMB = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "content",
    [
        BOMB + cap_alert(cap_info(headline="X")).replace(b"X", b"&b;"),
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + cap_alert().replace(b"MSG-1", b"&x;"),
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>' + cap_alert(),
    ],
)
def test_trap_22_entities_are_refused(content):
    with pytest.raises(CapUnreadable, match="entities"):
        read_document(content)


def test_trap_23_one_broken_part_never_costs_the_rest():
    broken = cap_info(cap_area("Rennes", polygon="x"), cap_area("Vannes", circle="48.11,-1.68 10"), onset="yesterday")
    found = read_document(cap_alert(broken, cap_info(language="en-GB")))
    assert {note.code for note in found.notes} == {"bad-instant", "bad-pair"}
    assert decision_of(cap_alert(broken))[0] == "broadcast"


def test_trap_24_a_document_that_was_cut_off_is_never_broadcast():
    whole = cap_alert(cap_info(), cap_info(language="en-GB"))
    cut = whole[: whole.index(b"<language>en-GB")]
    assert decision_of(cut) == ("propose", "damaged")


def test_trap_24_what_was_cut_off_may_have_been_the_town():
    elsewhere = cap_alert(cap_info(cap_area(polygon=ELSEWHERE)))
    assert decision_of(elsewhere) == ("ignore", "elsewhere")
    assert decision_of(elsewhere[: elsewhere.index(b"</area>") + 7]) == ("propose", "area-unknown")


def test_trap_25_codes_of_meteoalarm_are_those_of_2013_and_of_its_own_table():
    for department, codes in {"04": ("FR821", "FRL01"), "35": ("FR523", "FRH03"), "974": ("FRA40", "FRY40")}.items():
        place = make_place(department=department)
        for code in codes:
            (area,) = only_alert(cap_alert(cap_info(cap_area(codes=[("NUTS3", code)])))).infos[0].areas
            assert area_position(area, place) is Position.INSIDE


@pytest.mark.parametrize("emma", ["FR067", "FR101"])
def test_trap_26_paris_has_two_codes(emma):
    (area,) = only_alert(cap_alert(cap_info(cap_area(codes=[("EMMA_ID", emma)])))).infos[0].areas
    assert area_position(area, make_place(insee="75056")) is Position.INSIDE
    assert area_position(area, RENNES) is Position.OUTSIDE


@pytest.mark.parametrize(
    ("scheme", "value", "position"),
    [
        ("INSEE", "35238", Position.INSIDE),
        ("code_insee", "35", Position.INSIDE),
        ("INSEE", "35047", Position.OUTSIDE),
        ("INSEE", "FR-35238", Position.INSIDE),
        ("Département", "Ille-et-Vilaine", Position.INSIDE),
        ("Département", "CÔTES D’ARMOR", Position.OUTSIDE),
        ("Département", "06", Position.OUTSIDE),
        ("SAME", "006109", Position.OUTSIDE),
        ("UGC", "CAZ041", Position.OUTSIDE),
        ("AEMET-Meteoalerta zona", "774601", Position.OUTSIDE),
        ("EMMA_ID", "UK105", Position.OUTSIDE),
        ("NUTS3", "DE212", Position.OUTSIDE),
        ("EMMA_ID", "FR801", Position.UNKNOWN),
    ],
)  # fmt: skip
def test_trap_27_only_codes_that_are_understood_say_elsewhere(scheme, value, position):
    (area,) = only_alert(cap_alert(cap_info(cap_area(codes=[(scheme, value)])))).infos[0].areas
    assert area_position(area, RENNES) is position


@pytest.mark.parametrize(
    ("scheme", "value", "position"),
    [
        ("EMMA_ID", "UK105", Position.OUTSIDE), ("NUTS3", "PL213", Position.OUTSIDE), ("AMOC", "NSW", Position.OUTSIDE),
        ("layer:EC-MSC-SMC:1.0:CLC", "041420", Position.OUTSIDE), ("Tags", "x", Position.UNKNOWN),
        ("profile:CAP-CP:Location:0.3", "3537001", Position.OUTSIDE), ("NUTS3", "DE212", Position.UNKNOWN),
        ("SAME", "006109", Position.UNKNOWN), ("NUTS3", "FR821", Position.UNKNOWN),
    ],
)  # fmt: skip
def test_trap_27_coordinates_alone_tell_which_countries_are_elsewhere(scheme, value, position):
    (area,) = only_alert(cap_alert(cap_info(cap_area(codes=[(scheme, value)])))).infos[0].areas
    assert area_position(area, make_place(latitude=48.58, longitude=7.75)) is position


@pytest.mark.parametrize("place", [make_place(), make_place(department="35")])
def test_trap_28_an_area_that_is_only_named_is_neither_everywhere_nor_nowhere(place):
    named = cap_alert(cap_info(cap_area("Tout le département")))
    assert decision_of(named, place=place) == ("propose", "area-unknown")
    assert decision_of(cap_alert().replace(b"<areaDesc>", b"<x>").replace(b"</areaDesc>", b"</x>"))[0] == "broadcast"


@pytest.mark.parametrize(
    ("circle", "position"),
    [
        ("48.0,-1.68 13", Position.INSIDE), ("48.0,-1.68 11", Position.OUTSIDE), ("48.0,-1.68\t13000", Position.INSIDE),
        ("48.11,-1.68 0.0", Position.UNKNOWN), ("40.0,3.0 0", Position.OUTSIDE), ("48.0 -1.68 13", Position.INSIDE),
        ("48.0,-1.68 -3", Position.UNKNOWN), ("48.0,-1.68", Position.UNKNOWN), ("48.0,-1.68 13km", Position.INSIDE),
        ("48.0,-1.68 13000 m", Position.INSIDE), ("48.0,-1.68 11 KM", Position.OUTSIDE), ("km", Position.UNKNOWN),
    ],
)  # fmt: skip
def test_trap_29_the_radius_of_a_circle_is_in_kilometres(circle, position):
    (area,) = only_alert(cap_alert(cap_info(cap_area(circle=circle)))).infos[0].areas
    assert area_position(area, RENNES) is position


def test_trap_29_a_circle_without_a_radius_is_a_point_and_the_exact_code_beside_it_an_area():
    def position(*codes: tuple[str, str]) -> Position:
        (area,) = only_alert(cap_alert(cap_info(cap_area(circle="47.8,-1.2 0.0", codes=codes)))).infos[0].areas
        return area_position(area, RENNES)

    assert position(("INSEE", "35238")) is Position.INSIDE
    # A region around both says nothing of how far it reaches.
    assert position(("ISO 3166-2", "FR-BRE")) is Position.OUTSIDE


def test_trap_30_latitude_comes_first():
    swapped = "-2,48 -1,48 -1,49 -2,49 -2,48"
    assert decision_of(cap_alert(cap_info(cap_area(polygon=swapped)))) == ("ignore", "elsewhere")
    # The code of the town beside it says that it cannot be elsewhere; one of another town says nothing.
    of_the_town = cap_area(polygon=swapped, codes=[("NUTS3", "FR523")])
    assert decision_of(cap_alert(cap_info(of_the_town))) == ("propose", "area-unknown")
    beside = cap_area(polygon=ELSEWHERE, codes=[("NUTS3", "FR523")])
    assert decision_of(cap_alert(cap_info(beside))) == ("ignore", "elsewhere")


@pytest.mark.parametrize(
    ("circle", "decision"),
    [
        ("48.1,-1.7 10000", "broadcast"), ("48.1,1.7 10000", "propose"), ("-33.4,-70.6 15000", "propose"),
        ("48.1,1.7 900", "broadcast"), ("-33.4,-70.6 900", "ignore"), ("-33.4,-70.6 2000", "ignore"),
    ],
)  # fmt: skip
def test_trap_29_a_circle_over_half_a_continent_has_its_radius_in_metres(circle, decision):
    """Whoever is within the metres is meant, and of others a person decides."""
    assert decision_of(cap_alert(cap_info(cap_area(circle=circle))))[0] == decision


def test_trap_31_areas_and_polygons_are_a_union():
    several = cap_alert(cap_info(cap_area(polygon=ELSEWHERE), cap_area(polygon=AROUND_RENNES)))
    assert decision_of(several)[0] == "broadcast"
    assert decision_of(cap_alert(cap_info(cap_area(polygon=ELSEWHERE)))) == ("ignore", "elsewhere")
    named_too = cap_alert(cap_info(cap_area(polygon=ELSEWHERE), cap_area("Et ailleurs")))
    assert decision_of(named_too) == ("propose", "area-unknown")


def test_trap_32_a_language_without_areas_is_for_those_of_the_others():
    english = cap_info("<area><areaDesc>Brittany</areaDesc></area>", language="en-GB")
    assert decision_of(cap_alert(english, cap_info(cap_area(polygon=ELSEWHERE)))) == ("ignore", "elsewhere")
    assert len(verdict_of(cap_alert(english, cap_info()), policy=Policy(default="broadcast")).infos) == 1


def test_trap_33_no_language_is_american_english():
    assert only_alert(cap_alert(cap_info(language=None))).infos[0].language == "en-US"


def test_trap_34_links_lead_only_to_web_addresses():
    odd = "".join(entry(f"FR{at}", "x", link=link, identifier=str(at)) for at, link in enumerate(
        ["file:///etc/passwd", "javascript:alert(1)", "https://ok.example.org/1.xml", "/relative.xml"]
    ))  # fmt: skip
    found = read_document(f"<feed {ATOM}>{odd}</feed>".encode())
    assert [link.address for link in found.links] == ["https://ok.example.org/1.xml"]


@pytest.mark.parametrize(
    "content",
    [
        b"<a>" * 100_000,
        b"<alert><info>" * 5_000,
        cap_alert(cap_info(cap_area(polygon=" " * 900_000))),
        cap_alert(references=", " * 200_000),
        cap_alert(cap_info(description="<!--" * 5_000)),
        cap_alert(*[cap_info("<area/>" * 10)] * 150),
        b"<alert><identifier>" + b"&" * 50_000 + b"</identifier></alert>",
    ],
)  # fmt: skip
def test_trap_35_nothing_takes_long(content):
    started = time.process_time()
    with contextlib.suppress(CapUnreadable):
        read_document(content)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("text", ["x" + "=" * 90_000 + "x", "= " * 45_000, "x" + " " * 90_000 + "==x", "[" * 90_000])
def test_trap_35_no_text_takes_long_to_be_put_on_a_screen(text):
    started = time.process_time()
    for_screens(text)
    assert time.process_time() - started < 1
