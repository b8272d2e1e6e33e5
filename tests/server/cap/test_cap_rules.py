"""Forty rules of reading CAP, each from a convention of a real source; the numbers are those of docs/cap.md."""

from __future__ import annotations

import datetime as dt

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
)  # fmt: skip

from beffroi_content.model.alert import AlertLevel
from beffroi_server.cap.area_matching import Position, area_position
from beffroi_server.cap.instants import read_instant, written_instant
from beffroi_server.cap.languages import preferred_infos, united_infos
from beffroi_server.cap.levels import Colour, colour_of, level_of, severity_of
from beffroi_server.cap.lifecycle import CapStore, Change, receive, receive_all
from beffroi_server.cap.lifetimes import State, lifetime
from beffroi_server.cap.listings import note_listing
from beffroi_server.cap.messages import CapLink, CapUnreadable
from beffroi_server.cap.names import folded_name, values_named
from beffroi_server.cap.outside_warnings import outside_warnings
from beffroi_server.cap.places import make_place
from beffroi_server.cap.policy import Policy, PolicyRule
from beffroi_server.cap.reader import links_to_fetch, read_document
from beffroi_server.cap.signature_outcomes import SignatureOutcome
from beffroi_server.cap.texts import without_decoration
from beffroi_server.cap.verdicts import judge

UPDATE = {"identifier": "MSG-2", "msgType": "Update", "sent": "2026-11-29T08:45:00+01:00"}
MOMENT = "2026-11-29T08:30:00+01:00"
FIRST = "prefecture@example.org,MSG-1,2026-11-29T08:30:00+01:00"
WATCH = {
    "onset": "2026-12-01T03:00:00+01:00", "expires": "2026-11-30T07:00:00+01:00",
    "parameters": [("eventEndingTime", "2026-12-01T15:00:00+01:00")],
}  # fmt: skip


def life(*infos: str, **fields):
    alert = only_alert(cap_alert(*infos, **fields))
    return lifetime(alert, alert.infos[0])


def info_of(**fields):
    return only_alert(cap_alert(cap_info(**fields))).infos[0]


def area_of(**fields):
    return only_alert(cap_alert(cap_info(cap_area(**fields)))).infos[0].areas[0]


def keys(store: CapStore, now=NOW) -> list[str]:
    return [part.message.alert.identifier for each in outside_warnings(store, now) for part in each.parts]


def test_rule_01_the_end_of_an_american_warning_is_the_ending_of_the_event():
    assert life(cap_info(**WATCH)).ends == instant("2026-12-01T15:00:00+01:00")
    assert decision_of(cap_alert(cap_info(**WATCH)), now=instant("2026-11-30T09:00:00+01:00"))[0] == "broadcast"


def test_rule_02_an_end_before_the_onset_is_no_reason_to_drop_a_warning():
    early = cap_info(onset="2026-11-29T20:00:00+01:00", expires="2026-11-29T12:00:00+01:00")
    assert life(early).begins == instant("2026-11-29T08:30:00+01:00")
    assert decision_of(cap_alert(early))[0] == "broadcast"


def test_rule_02_an_end_before_it_is_effective_does_not_keep_a_warning_from_the_screens():
    found = life(cap_info(effective="2026-11-29T20:00:00+01:00", expires="2026-11-29T12:00:00+01:00"))
    assert (found.begins, found.ends) == (instant("2026-11-29T08:30:00+01:00"), instant("2026-11-29T12:00:00+01:00"))
    assert found.state(NOW) is State.RUNNING


def test_rule_03_an_ending_of_the_event_alone_is_an_end():
    found = life(cap_info(expires=None, parameters=[("eventEndingTime", "2026-11-29T23:00:00+01:00")]))
    assert (found.ends, found.is_default) == (instant("2026-11-29T23:00:00+01:00"), False)


def test_rule_04_a_warning_is_announced_then_running_then_over():
    tomorrow = life(cap_info(effective="2026-11-30T00:00:00+01:00", expires="2026-12-01T00:00:00+01:00"))
    days = ("2026-11-29T09:00:00+01:00", "2026-11-30T09:00:00+01:00", "2026-12-01T00:00:00+01:00")
    assert [tomorrow.state(instant(day)) for day in days] == [State.ANNOUNCED, State.RUNNING, State.OVER]
    announced = cap_alert(cap_info(onset="2026-11-29T12:00:00+01:00"))
    assert [each.code for each in verdict_of(announced).reasons] == ["rule", "announced"]
    long_ago = life(cap_info(effective="2026-08-25T11:00:00+02:00"))
    assert (long_ago.begins, long_ago.state(NOW)) == (instant("2026-11-29T08:30:00+01:00"), State.RUNNING)


@pytest.mark.parametrize("msg_type", ["Alert", "Update", "Cancel"])
def test_rule_05_an_all_clear_comes_in_every_type_of_message(msg_type):
    clear = cap_alert(cap_info(response="AllClear"), references=FIRST, **{**UPDATE, "msgType": msg_type})
    store, outcome = receive(store_of(cap_alert()), only_alert(clear), NOW)
    assert outcome.change is Change.ENDED
    assert [each.identifier for each in outcome.ended] == ["MSG-1"]
    assert keys(store) == []


@pytest.mark.parametrize(("actions", "expected"), [("CAN", "ignore"), ("EXP CAN", "ignore"), ("CAN NEW", "broadcast")])
def test_rule_05_american_event_codes_say_that_all_of_it_is_over(actions, expected):
    codes = [("VTEC", f"/O.{each}.KTFX.FL.W.0012.000000T0000Z-261129T0000Z/") for each in actions.split()]
    assert decision_of(cap_alert(cap_info(parameters=codes)))[0] == expected


def test_rule_06_an_all_clear_that_goes_on_for_an_hour_is_no_warning():
    clear = cap_alert(cap_info(response="AllClear", severity="Moderate", expires="2026-11-29T10:00:00+01:00"))
    assert decision_of(clear) == ("ignore", "all-clear")
    mixed = cap_alert(cap_info(response="AllClear"), cap_info(language="en-GB", response="Shelter"))
    assert [info.language for info in verdict_of(mixed).infos] == ["en-GB"]


def test_rule_07_a_reference_to_itself_removes_nothing():
    own = cap_alert(msgType="Update", references=FIRST)
    assert keys(store_of(own)) == ["MSG-1"]
    assert keys(store_of(cap_alert(), own)) == ["MSG-1"]


def test_rule_08_a_reference_needs_its_identifier_and_one_more_witness():
    by_instant = cap_alert(**UPDATE, references="PAAQ,MSG-1,2026-11-29T07:30:00-00:00")
    assert keys(store_of(cap_alert(), by_instant)) == ["MSG-2"]
    by_sender = cap_alert(**UPDATE, references="PREFECTURE@example.org,MSG-1,2026-11-29T05:00:00-00:00")
    assert keys(store_of(cap_alert(), by_sender)) == ["MSG-2"]
    by_none = cap_alert(**UPDATE, references="someone,MSG-1,2026-11-29T05:00:00-00:00")
    assert keys(store_of(cap_alert(), by_none)) == ["MSG-1", "MSG-2"]


def test_rule_08_sender_and_identifier_may_stand_the_other_way_round():
    swapped = f"MSG-1,prefecture@example.org,{MOMENT}"
    assert keys(store_of(cap_alert(), cap_alert(**UPDATE, references=swapped))) == ["MSG-2"]


def test_rule_09_references_in_utc_name_messages_with_a_local_offset():
    by_utc = cap_alert(**UPDATE, references="other,MSG-1,2026-11-29T07:30:00-00:00")
    assert keys(store_of(cap_alert(), by_utc)) == ["MSG-2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a@b.org,M-1,{MOMENT}\n\t c@d.org,M-2,{MOMENT}", [("a@b.org", "M-1", MOMENT), ("c@d.org", "M-2", MOMENT)]),
        (f"a@b.org, M-1, {MOMENT}", [("a@b.org", "M-1", MOMENT)]),
        ("a@b.org,M-1,2026-11-29 08:30:00 +01:00", [("a@b.org", "M-1", MOMENT)]),
        (f"a@b.org;M-1;{MOMENT}", [("a@b.org", "M-1", MOMENT)]),
        (f"Météo, Bretagne,M-1,{MOMENT}", [("Météo, Bretagne", "M-1", MOMENT)]),
        (f"a@b.org,M,1,{MOMENT}", [("a@b.org", "M,1", MOMENT)]),
        (
            f"prefecture@example.org,M-1 c@d.org,M-2,{MOMENT}",
            [("prefecture@example.org", "M-1", None), ("c@d.org", "M-2", MOMENT)],
        ),
        ("M-1/a@b.org M-2", [("a@b.org", "M-1", None), (None, "M-2", None)]),
        ("https://example.org/cap/1.xml", [(None, "https://example.org/cap/1.xml", None)]),
    ],
)
def test_rule_08_references_are_read_as_they_are_written(text, expected):
    found = only_alert(cap_alert(references=text)).references
    assert [(each.sender, each.identifier, each.sent) for each in found] == [
        (sender, identifier, sent and instant(sent)) for sender, identifier, sent in expected
    ]


@pytest.mark.parametrize("sender", ["CN=Météo, O=État", "Météo France", "prefecture@example.org"])
@pytest.mark.parametrize("identifier", ["MSG-1", "MSG,1", "MSG 1"])
def test_rule_08_commas_and_blanks_in_names_part_no_reference(sender, identifier):
    first = cap_alert(sender=sender, identifier=identifier)
    update = cap_alert(**UPDATE, sender=sender, references=f"x,OLD,{MOMENT} {sender},{identifier},{MOMENT}")
    assert [(each.sender, each.identifier) for each in only_alert(update).references] == [
        ("x", "OLD"), (sender, identifier),
    ]  # fmt: skip
    assert keys(store_of(first, update)) == ["MSG-2"]


@pytest.mark.parametrize("odd", ["a@b.org,M-1,yesterday", "a@b.org,M-1,2026-11-29T08:30:00"])
def test_rule_08_one_odd_reference_is_named_and_costs_no_other(odd):
    found = read_document(cap_alert(**UPDATE, references=f"{odd} {FIRST}"))
    assert [(each.identifier, each.sent is None) for each in found.alerts[0].references] == [
        ("M-1", True), ("MSG-1", False),
    ]  # fmt: skip
    assert [(note.code, note.value) for note in found.notes] == [("bad-reference", odd)]
    assert keys(store_of(cap_alert(), cap_alert(**UPDATE, references=f"{odd} {FIRST}"))) == ["MSG-2"]


def test_rule_10_the_heartbeat_of_a_network_supersedes_nothing():
    heartbeat = cap_alert(status="System", sender="NAADS-Heartbeat", identifier="H", references=FIRST)
    store, outcome = receive(store_of(cap_alert()), only_alert(heartbeat), NOW)
    assert outcome.change is Change.NOTHING
    assert keys(store) == ["MSG-1"]
    assert decision_of(heartbeat) == ("ignore", "status")


def test_rule_11_an_edited_message_is_a_new_version_of_itself():
    later = cap_alert(cap_info(headline="Plus tard"), sent="2026-11-29T08:50:00+01:00")
    same_time = cap_alert(cap_info(headline="Autrement"))
    for edited in (later, same_time):
        store, outcome = receive(store_of(cap_alert()), only_alert(edited), NOW)
        assert outcome.change is Change.UPDATED
        assert [part.info.headline for each in outside_warnings(store, NOW) for part in each.parts] == [
            only_alert(edited).infos[0].headline
        ]
    assert receive(store_of(later), only_alert(cap_alert()), NOW)[1].change is Change.SUPERSEDED
    spaced = cap_alert().replace(b"<info>", b"\n  <info>\n ")
    assert receive(store_of(cap_alert()), only_alert(spaced), NOW)[1].change is Change.REPEATED


def test_rule_11_an_end_under_the_same_identifier_and_instant_stays_the_end_in_any_order():
    cancel = cap_alert(msgType="Cancel", references=FIRST)
    assert keys(store_of(cap_alert(), cancel)) == []
    assert keys(store_of(cancel, cap_alert())) == []


@pytest.mark.parametrize(("german", "english"), [("DWD.7.DEU", "DWD.7.ENG"), ("2.49.0-00-RU", "2.49.0-00-EN")])
def test_rule_12_documents_in_several_languages_are_one_event(german, english):
    store = store_of(
        cap_alert(cap_info(language="de"), identifier=german), cap_alert(cap_info(language="en"), identifier=english)
    )
    (warning,) = outside_warnings(store, NOW)
    assert [part.info.language for part in warning.parts] == ["de", "en"]
    other_place = cap_alert(cap_info(cap_area(polygon=ELSEWHERE)), identifier=english)
    assert len(outside_warnings(store_of(cap_alert(identifier=german), other_place), NOW)) == 2


def test_rule_13_infos_of_one_language_are_united_only_where_they_are_equal():
    here, there = cap_area("Rennes", polygon=AROUND_RENNES), cap_area("Marseille", polygon=ELSEWHERE)
    equal = only_alert(cap_alert(cap_info(there), cap_info(here)))
    (united,) = united_infos(preferred_infos(equal.infos))
    assert [area.description for area in united.areas] == ["Marseille", "Rennes"]
    apart = cap_alert(cap_info(there, headline="Pour Marseille"), cap_info(here, headline="Pour Rennes"))
    assert [info.headline for info in verdict_of(apart).infos] == ["Pour Rennes"]


def test_rule_14_each_info_has_its_own_end_and_the_message_the_last_one():
    alert = cap_alert(
        cap_info(language="en", expires="2026-11-29T09:30:00+01:00"),
        cap_info(language="fr", expires="2026-11-29T12:00:00+01:00"),
    )
    (warning,) = outside_warnings(store_of(alert), NOW)
    assert warning.ends == instant("2026-11-29T12:00:00+01:00")
    (later,) = outside_warnings(store_of(alert), instant("2026-11-29T10:00:00+01:00"))
    assert [part.info.language for part in later.parts] == ["fr"]


def test_rule_15_scope_decides_and_audience_does_not():
    assert decision_of(cap_alert(cap_info(audience="Private")))[0] == "broadcast"
    assert decision_of(cap_alert(cap_info(audience="General Public"), scope="Private")) == ("ignore", "private")


@pytest.mark.parametrize(
    ("name", "value", "colour"),
    [
        ("awareness_level", "3; orange; Severe", Colour.ORANGE),
        ("Color", "Yellow", Colour.YELLOW),
        ("semáforo", "rojo", Colour.RED),
        ("ColorRisk", "#FFFE00", Colour.YELLOW),
        ("alert_color", "紅色", Colour.RED),
        ("ColorRisk", "#FF8C00", Colour.ORANGE),
        ("layer:X:1.0:Colour", "red", Colour.RED),
        ("alertlevel", "Green", Colour.GREEN),
    ],
)
def test_rule_16_a_colour_tells_what_severity_leaves_unknown(name, value, colour):
    info = info_of(severity="Unknown", parameters=[(name, value)])
    assert colour_of(info) is colour
    assert (severity_of(info) is None) is False


def test_rule_16_unknown_is_not_the_lowest():
    policy = Policy(default="ignore", rules=(PolicyRule(decision="broadcast", severity=("Severe", "Extreme")),))
    unknown = cap_alert(cap_info(event="Severe Thunderstorm Warning", severity="Unknown"))
    assert decision_of(unknown, policy=policy)[0] == "propose"
    assert decision_of(unknown) == ("propose", "severity-unknown")
    assert decision_of(cap_alert(cap_info(severity="Minor")), policy=policy)[0] == "ignore"
    assert level_of(only_alert(unknown).infos[0]) is None
    exact = Policy(rules=(PolicyRule(decision="broadcast", severity=("Unknown",)),))
    assert decision_of(unknown, policy=exact)[0] == "broadcast"


def test_rule_16_a_word_that_cap_does_not_know_is_unknown():
    asks = Policy(default="ignore", rules=(PolicyRule(decision="broadcast", urgency=("Immediate",)),))
    odd = cap_alert(cap_info(urgency="Sofort"))
    assert decision_of(odd, policy=asks) == ("propose", "rule-unknown")


def test_rule_17_response_none_is_a_value_and_green_is_no_alert():
    assert info_of(response="None").response_types == ("None",)
    assert decision_of(cap_alert(cap_info(response="None")))[0] == "broadcast"
    green = cap_alert(cap_info(severity="Minor", parameters=[("awareness_level", "1; Green; Minor")]))
    assert decision_of(green) == ("ignore", "green")
    contradiction = cap_alert(cap_info(severity="Extreme", parameters=[("Color", "green")]))
    assert decision_of(contradiction) == ("propose", "green-but-severe")


def test_rule_18_the_codes_beside_a_polygon_are_the_units_around_it():
    county = [("NUTS3", "FR523")]
    assert area_position(area_of(polygon=ELSEWHERE, codes=county), RENNES) is Position.OUTSIDE
    assert area_position(area_of(polygon=AROUND_RENNES, codes=[("NUTS3", "FR821")]), RENNES) is Position.INSIDE
    without_coordinates = make_place(department="35")
    assert area_position(area_of(polygon=AROUND_RENNES, codes=county), without_coordinates) is Position.UNKNOWN
    assert (
        area_position(area_of(polygon=ELSEWHERE, codes=[("NUTS3", "FR821")]), without_coordinates) is Position.OUTSIDE
    )


@pytest.mark.parametrize(("edge", "position"), [("-1.65", Position.UNKNOWN), ("-1.45", Position.OUTSIDE)])
def test_rule_18_a_town_just_outside_of_a_coarse_outline_with_its_own_code_beside_it_goes_to_a_person(edge, position):
    polygon = f"48,{edge} 48,-1 49,-1 49,{edge} 48,{edge}"
    assert area_position(area_of(polygon=polygon, codes=[("EMMA_ID", "FR036")]), RENNES) is Position.OUTSIDE
    assert area_position(area_of(polygon=polygon, codes=[("NUTS3", "FR523")]), RENNES) is position
    # A storm within a commune or county is drawn as it is.
    assert area_position(area_of(polygon=polygon, codes=[("INSEE", "35238")]), RENNES) is Position.OUTSIDE
    assert area_position(area_of(polygon=polygon), RENNES) is Position.OUTSIDE


@pytest.mark.parametrize(
    ("drawn", "position"),
    [
        ({"polygon": "50,70 51,71 52,70 50,70"}, Position.OUTSIDE),
        ({"polygon": "50,362 51,363 52,362 50,362"}, Position.UNKNOWN),
        ({"polygon": "50,179 50,-179 52,-179 50,179"}, Position.OUTSIDE),
        ({"circle": "40.7,-74.0 900"}, Position.OUTSIDE),
        ({"circle": "55.0,3.0 900"}, Position.UNKNOWN),
        ({"polygon": "50,70 51"}, Position.UNKNOWN),
    ],
)
def test_rule_18_a_town_without_coordinates_is_outside_of_what_is_drawn_far_from_its_country(drawn, position):
    assert area_position(area_of(**drawn), make_place(insee="75056")) is position
    guyane, cayenne = area_of(polygon="4,-53 4,-52 5,-52 5,-53 4,-53"), make_place(insee="97302")
    assert area_position(guyane, cayenne) is Position.UNKNOWN
    assert area_position(guyane, make_place(insee="75056")) is Position.OUTSIDE


def test_rule_19_a_geocode_exclude_polygon_is_a_hole():
    hole = "48.05,-1.75 48.05,-1.6 48.2,-1.6 48.2,-1.75 48.05,-1.75"
    area = area_of(polygon=AROUND_RENNES, codes=[("EXCLUDE_POLYGON", hole), ("NUTS3", "FR523")])
    assert area_position(area, RENNES) is Position.OUTSIDE
    assert area_position(area, make_place(latitude=48.5, longitude=-1.5)) is Position.INSIDE
    assert [code.name for code in area.geocodes] == ["NUTS3"]
    assert area_position(area_of(circle="48.1,-1.7 30", codes=[("EXCLUDE_POLYGON", hole)]), RENNES) is Position.OUTSIDE
    broken = area_of(polygon=AROUND_RENNES, codes=[("EXCLUDE_POLYGON", "48.05,-1.75 48.05")])
    assert area_position(broken, RENNES) is Position.UNKNOWN


@pytest.mark.parametrize(
    ("name", "value", "position"),
    [
        ("Spásvæði", "Faxaflói", Position.UNKNOWN),
        ("Forecast Region", "West", Position.UNKNOWN),
        ("http://example.org/geo/ISO-3166-2", "AU-NSW", Position.OUTSIDE),
        ("ISO 3166-2", "FR-35", Position.INSIDE),
        ("iso3166-2", "FR-BRE", Position.INSIDE),
        ("ISO_3166-2", "FR-06", Position.OUTSIDE),
        ("https://example.org/iso:3166", "FRA", Position.INSIDE),
        ("ISO3166", "AU", Position.OUTSIDE),
        ("AMOC-AreaCode", "NSW_FL049", Position.OUTSIDE),
        ("INSEE_DEP", "35", Position.INSIDE),
        ("INSEE_DEP", "75", Position.OUTSIDE),
        ("INSEE_DEP", "035", Position.INSIDE),
        ("Département", "035", Position.INSIDE),
        ("dep", "3510", Position.INSIDE),
        ("dep", "999", Position.UNKNOWN),
        ("EMMA_ID", "FR523", Position.INSIDE),
        ("EMMA_ID", "FR821", Position.OUTSIDE),
        ("FIPS", "FR", Position.UNKNOWN),
        ("NUTS3_2013", "FR523", Position.INSIDE),
        ("nuts 3", "FRH03", Position.INSIDE),
        ("NUTS3", "FR999", Position.UNKNOWN),
    ],
)
def test_rule_20_names_of_schemes_are_free_text_and_unknown_ones_go_to_a_person(name, value, position):
    assert area_position(area_of(codes=[(name, value)]), RENNES) is position


@pytest.mark.parametrize("code", [("ISO 3166-2", "FR-MQ"), ("ISO 3166-2", "FR-972"), ("ISO 3166-1", "MQ")])
def test_rule_20_overseas_departments_have_codes_of_their_own(code):
    area = area_of(codes=[code])
    assert area_position(area, make_place(insee="97209")) is Position.INSIDE
    assert area_position(area, make_place(insee="97411")) is Position.OUTSIDE
    assert area_position(area, RENNES) is Position.OUTSIDE


def test_rule_20_an_unknown_area_is_proposed_with_that_reason():
    unknown = cap_alert(cap_info(cap_area("Faxaflói", codes=[("Spásvæði", "Faxaflói")])))
    assert decision_of(unknown) == ("propose", "area-unknown")


@pytest.mark.parametrize(
    ("own", "code", "position"),
    [
        ("CPEAS=110101000000", ("CPEAS", "110000000000"), Position.INSIDE),
        ("CPEAS=110101000000", ("CPEAS", "310000000000"), Position.OUTSIDE),
        ("Taiwan_Geocode_112=6300100", ("Taiwan_Geocode_112", "63"), Position.INSIDE),
        ("Taiwan_Geocode_112=6300100", ("Taiwan_Geocode_112", "64"), Position.OUTSIDE),
        ("SAME=006109", ("SAME", "006000"), Position.INSIDE),
        ("SAME=006109", ("SAME", "000000"), Position.INSIDE),
        ("SAME=006109", ("SAME", "6109"), Position.INSIDE),
        ("SAME=006109", ("FIPS6", "6111"), Position.OUTSIDE),
        ("profile:CAP-CP:Location:0.3=3506008", ("profile:CAP-CP:Location:0.4", "3506008"), Position.INSIDE),
        ("profile:CAP-CP:Location:0.3=3506008", ("profile:CAP-CP:Location:0.4", "3506009"), Position.UNKNOWN),
        ("FIPS6=006010", ("SAME", "006109"), Position.OUTSIDE),
        ("SAME=006109", ("FIPS6", "006109"), Position.INSIDE),
        ("UGC=CAZ041", ("UGC", "CAZ000"), Position.INSIDE),
    ],
)
def test_rule_21_codes_are_hierarchical(own, code, position):
    from beffroi_server.cap.messages import NamedValue

    place = make_place(country="US" if "=00" in own else "", codes=(NamedValue(*own.split("=")),))
    assert area_position(area_of(codes=[code]), place) is position


@pytest.mark.parametrize("value", ["FR", "FR5", "FR52", "FR523", "FRH", "FRH0"])
def test_rule_21_regions_and_countries_hold_their_departments(value):
    assert area_position(area_of(codes=[("NUTS3", value)]), RENNES) is Position.INSIDE


@pytest.mark.parametrize(
    "polygon",
    [
        "48,-2\t48,-1\n49,-1 49,-2\t48,-2 ",
        "48,-2 48,-1 49,-1 49,-2 48,-2 48,-2",
        "48,-2 49,-2 49,-1 48,-1 48,-2",
        "48,-2 48,-1 49,-1 49,-2",
        "(48, -2) (48, -1) (49, -1) (49, -2)",
        "48.0,-2.0\u00a048,-1 49,-1 49,-2",
        "48 -2 48 -1 49 -1 49 -2",
        "48,-2, 48,-1, 49,-1, 49,-2,",
        "48,\u22122 48,\u22121 49,\u22121 49,\u22122",
    ],
)
def test_rule_22_pairs_come_with_any_blanks_and_rings_in_any_direction_closed_or_not(polygon):
    area = area_of(polygon=polygon)
    assert area.polygons[0][0] == area.polygons[0][-1]
    assert area_position(area, RENNES) is Position.INSIDE
    assert area_position(area, make_place(latitude=47.9, longitude=-1.5)) is Position.OUTSIDE


@pytest.mark.parametrize(
    ("polygon", "inside", "outside"),
    [
        ("-23,-181 -23,-178 -20,-178 -20,-181 -23,-181", (-21.5, 179.5), (-21.5, 170.0)),
        ("-23,179 -23,-178 -20,-178 -20,179 -23,179", (-21.5, -179.5), (-21.5, 0.0)),
        ("60,358 60,362 62,362 62,358 60,358", (61.0, 0.5), (61.0, 3.0)),
        ("-90,-180 90,-180 90,180 -90,180 -90,-180", (48.0, 2.0), None),
    ],
)
def test_rule_23_longitudes_count_modulo_360(polygon, inside, outside):
    area = area_of(polygon=polygon)
    assert area_position(area, make_place(latitude=inside[0], longitude=inside[1])) is Position.INSIDE
    if outside:
        assert area_position(area, make_place(latitude=outside[0], longitude=outside[1])) is Position.OUTSIDE


def test_rule_24_a_ring_that_crosses_itself_holds_what_is_in_its_loops():
    bow = area_of(polygon="48,-2 49,-1 49,-2 48,-1 48,-2")
    assert area_position(bow, make_place(latitude=48.2, longitude=-1.5)) is Position.INSIDE
    assert area_position(bow, make_place(latitude=48.5, longitude=-1.9)) is Position.OUTSIDE
    twice = area_of(polygon=f"{AROUND_RENNES} {AROUND_RENNES}")
    assert area_position(twice, RENNES) is Position.INSIDE


@pytest.mark.parametrize(
    "flat", ["48.2,-1.9 48,-1.6 48.2,-1.9", "48.1,-1.6 48.1,-1.6", "48,-1.8 48.1,-1.7 48.3,-1.5 48,-1.8"]
)
def test_rule_24_lines_and_points_have_no_inside_and_an_unknown_extent(flat):
    area = area_of(polygon=flat)
    assert area.polygons[0][0] == area.polygons[0][-1]
    assert area_position(area, RENNES) is Position.UNKNOWN
    for far in ({"latitude": 47.7, "longitude": -1.7}, {"department": "974"}):
        assert area_position(area, make_place(**far)) is Position.OUTSIDE
    assert area_position(area, make_place(department="35")) is Position.UNKNOWN
    coded = area_of(polygon=flat, codes=[("INSEE", "35238")])
    assert area_position(coded, RENNES) is Position.INSIDE
    both = cap_alert(cap_info(cap_area(polygon=flat), cap_area(polygon=AROUND_RENNES)))
    assert decision_of(both)[0] == "broadcast"


@pytest.mark.parametrize("wrong", ["48,-2,7", "48", "48 -2", "4x8,-2", "91,-2", "nan,1", "48,600"])
def test_rule_25_one_wrong_pair_refuses_the_ring_aloud(wrong):
    found = read_document(cap_alert(cap_info(cap_area(polygon=f"{AROUND_RENNES} {wrong}"))))
    assert [(note.code, note.where) for note in found.notes] in (
        [("bad-pair", "MSG-1, info 1, area 1")], [("out-of-range", "MSG-1, info 1, area 1")],
    )  # fmt: skip
    area = found.alerts[0].infos[0].areas[0]
    assert area.polygons == ()
    assert area_position(area, RENNES) is Position.UNKNOWN


def test_rule_25_placeholder_pairs_are_left_out_only_of_the_source_that_writes_them():
    polygon = f"{AROUND_RENNES} -1.0,-1.0"
    outline = only_alert(cap_alert(cap_info(cap_area(polygon=polygon)), identifier="mow.DE-HE-1")).infos[0].areas[0]
    assert (-1.0, -1.0) not in outline.polygons[0]
    assert (-1.0, -1.0) in area_of(polygon=polygon).polygons[0]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-29T24:00:00+01:00", "2026-11-29T23:00:00"),
        ("  2026-11-29T08:00:00 +01:00\n", "2026-11-29T07:00:00"),
        ("2026-11-29T08:00:00-00:00", "2026-11-29T08:00:00"),
        ("2026-11-29T08:00:00Z", "2026-11-29T08:00:00"),
        ("2026-11-29T08:00:00.1234567+01:00", "2026-11-29T07:00:00.123456"),
        ("2026-11-29T08:00+0530", "2026-11-29T02:30:00"),
        ("2026-11-29T08:00:00+5:30", "2026-11-29T02:30:00"),
        ("2015-07-19T16:00:00-06:50", "2015-07-19T22:50:00"),
        ("Sat, 01 Mar 2025 23:52:24 GMT", "2025-03-01T23:52:24"),
        ("20261129T080000+0100", "2026-11-29T07:00:00"),
        ("2026-11-29T08:00:00+01:00[Europe/Paris]", "2026-11-29T07:00:00"),
        ("2026-11-29T08:00:00[Europe/Paris]", None),
        ("2026-11-29T08:00:00", None),
        ("2026-11-29", None),
        ("2026/1/6 上午 04:00:00", None),
        ("2026-11-29T25:00:00Z", None),
        ("2026-02-30T08:00:00Z", None),
        ("9999-12-31T24:00:00-14:00", None),
        ("", None),
        ("2026-11-29T08:00:00+99:00", None),
    ],
)
def test_rule_26_instants_are_read_in_every_form_that_has_an_offset(text, utc):
    found = read_instant(text)
    assert (found and found.astimezone(dt.UTC).replace(tzinfo=None).isoformat()) == utc


def test_rule_26_a_source_may_have_a_zone_and_the_server_none():
    zone = dt.timezone(dt.timedelta(hours=8))
    assert read_instant("2026-11-29T08:00:00", zone) == instant("2026-11-29T08:00:00+08:00")
    found = read_document(cap_alert(cap_info(expires="2026-11-29T18:00:00")))
    assert [(note.code, note.where) for note in found.notes] == [("bad-instant", "MSG-1, info 1 expires")]


def test_rule_26_what_is_sent_in_the_future_goes_to_a_person():
    assert decision_of(cap_alert(sent="2026-11-29T09:10:00+01:00"))[0] == "broadcast"
    assert decision_of(cap_alert(sent="2026-11-29T09:30:00+01:00")) == ("propose", "sent-later")


def test_rule_27_the_times_of_a_feed_are_no_times_of_the_message():
    feed = (
        b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2"><entry>'
        b"<id>https://example.org/1</id><updated>2026-11-29T08:00:00Z</updated><title>Vent</title>"
        b"<cap:event>Vent</cap:event><cap:expires>2026-11-29T18:00:00+01:00</cap:expires></entry></feed>"
    )
    summary = only_alert(feed)
    assert (summary.identifier, summary.sent) == ("https://example.org/1", None)
    assert summary.infos[0].expires == instant("2026-11-29T18:00:00+01:00")


def test_rule_28_an_end_in_the_year_9999_is_one_that_is_capped():
    alert = only_alert(cap_alert(cap_info(expires="9999-12-31T23:59:59-12:00"), sent="2026-11-28T09:00:00+01:00"))
    life = lifetime(alert, alert.infos[0])
    assert (life.ends, life.is_capped) == (instant("2026-11-30T09:00:00+01:00"), True)
    assert written_instant(alert.infos[0].expires) == "9999-12-31T23:59:59-12:00"


def test_rule_28_a_year_is_cut_to_two_days_unless_the_feed_repeats_the_warning():
    year = only_alert(cap_alert(cap_info(expires="2027-11-29T08:30:00+01:00")))
    found = lifetime(year, year.infos[0])
    assert (found.ends, found.is_capped) == (instant("2026-12-01T08:30:00+01:00"), True)
    seen = instant("2026-12-03T12:00:00+01:00")
    assert lifetime(year, year.infos[0], seen=seen).ends == seen + dt.timedelta(hours=48)


@pytest.mark.parametrize(("absence_ends", "left"), [(True, []), (False, ["MSG-1"])])
def test_rule_29_absence_from_the_feed_ends_a_warning_only_where_the_source_means_it(absence_ends, left):
    store = note_listing(store_of(cap_alert()), [], NOW, absence_ends=absence_ends)
    assert keys(store) == ["MSG-1"], "one miss is a flicker"
    assert keys(note_listing(store, [], NOW, absence_ends=absence_ends)) == left
    back = note_listing(note_listing(store, ["msg-1"], NOW, absence_ends=True), [], NOW, absence_ends=True)
    assert keys(back) == ["MSG-1"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'<feed xmlns="http://www.w3.org/2005/Atom"><title>Calme</title></feed>', None),
        (b'<rss version="2.0"><channel><title>Calme</title></channel></rss>', None),
        (b"<!DOCTYPE html><html><body>Service en maintenance</body></html>", "web-page"),
        (b"\n <html xmlns='http://www.w3.org/1999/xhtml'><body/></html>", "web-page"),
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"not xml", "no-xml"),
        (b"<data/>", "no-cap"),
        (b"\x1f\x8b\x08", "archive"),
    ],
)
def test_rule_30_an_empty_feed_is_calm_and_a_page_is_a_failure(content, code):
    if code is None:
        assert read_document(content).alerts == ()
    else:
        with pytest.raises(CapUnreadable, match=code):
            read_document(content)


def test_rule_30_a_feed_whose_entries_are_no_warnings_says_so():
    news = b"<rss><channel><item><title>Foire</title><link>https://example.org/foire</link></item></channel></rss>"
    assert [(note.code, note.value) for note in read_document(news).notes] == [("entries-without-cap", "1")]


def test_a_message_that_is_the_escaped_content_of_an_entry_is_no_link():
    escaped = cap_alert().decode().replace("<", "&lt;")
    feed = (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="text/xml">{escaped}</content></entry></feed>'
    )
    found = read_document(feed.encode())
    assert (len(found.alerts), found.links, found.notes) == (1, (), ())


def test_rule_31_each_document_is_fetched_once_and_so_many_at_a_time():
    links = [CapLink(f"https://example.org/{at}", f"M{at}", NOW) for at in range(5)]
    found = links_to_fetch(links, {"https://example.org/0"}, {("m1", NOW)}, limit=2)
    assert [link.identifier for link in found] == ["M2", "M3"]


def test_rule_32_hard_line_breaks_are_joined_and_blank_lines_and_bullets_kept():
    text = info_of(
        description="* WHAT...Wind chills as low as 30 below zero expected in the valleys\nand on the plains.\n\n"
        "* WHERE...Portions of central, north central, and northwest Montana\nand the Rocky Mountain Front.\n"
        "* WHEN...UNTIL NOON MDT TODAY"
    ).description
    assert text == (
        "* WHAT...Wind chills as low as 30 below zero expected in the valleys and on the plains.\n\n"
        "* WHERE...Portions of central, north central, and northwest Montana and the Rocky Mountain Front.\n"
        "* WHEN...UNTIL NOON MDT TODAY"
    )
    capitals = "* ISOLATED SHOWERS ARE EXPECTED THROUGH EARLY THIS AFTERNOON AND\nRAINFALL COULD LEAD TO FLOODING."
    assert info_of(description=capitals).description == capitals.replace("\n", " ")
    ragged = (
        "AT 254 PM PDT...NWS DOPPLER RADAR INDICATED A SEVERE\n"
        "THUNDERSTORM OVER SOUTH CENTRAL ALPINE COUNTY...OR ABOUT 18 MILES SOUTHEAST"
    )
    assert info_of(description=ragged).description == ragged.replace("\n", " ")
    assert info_of(description="Pompiers 18\nSamu 15\nPolice 17").description == "Pompiers 18\nSamu 15\nPolice 17"


@pytest.mark.parametrize(
    "text",
    [
        "NIVEAU : avis\nLieu : route du lac, dix kilomètres au sud de Rennes, 35000\nCommune : Rennes\nÉtat : maîtrisé",
        "La vigilance est levée pour les rivières suivantes, en Bretagne :\nVilaine aval\nOust aval\nBlavet\nAulne",
        "Force : vents soutenus de 195 km/h au centre, rafales jusqu’à 230 km/h\nMouvement : vers l’ouest à 20 km/h",
        "•Routes coupées au nord de la commune, entre le bourg et la gare de Rennes\n•24 heures sans eau",
        "Paris\nLyon\nMarseille et toutes les communes voisines de la côte jusqu’à Toulon\nNice\nAntibes",
    ],
)
def test_rule_32_the_lines_of_a_list_are_kept_though_one_is_long(text):
    assert info_of(description=text).description == text


def test_rule_33_a_missing_headline_is_the_event_and_its_place():
    assert info_of(headline=None, event="Crue").headline == "Crue – Pays de Rennes"
    decorated = info_of(description="\n\n###\n\nAvis de tempête.\n###\n").description
    assert (decorated, without_decoration(decorated)) == ("###\n\nAvis de tempête.\n###", "Avis de tempête.")
    assert info_of(headline=" ", event="Crue").headline == "Crue – Pays de Rennes"


def test_rule_34_mark_up_is_taken_out():
    html = '<p>Fermez les volets&nbsp;!<br/>Appelez le <a href="tel:18">18</a></p><p>Moins de 5 &lt; 10 mm</p>'
    assert info_of(description=html).description == "Fermez les volets\u00a0!\nAppelez le 18\nMoins de 5 < 10 mm"
    assert info_of(description="<![CDATA[<p>Restez chez vous.</p>]]>").description == "Restez chez vous."
    assert info_of(description="Voir <https://example.org/a?b=1>").description == "Voir <https://example.org/a?b=1>"
    assert info_of(headline="Pluie <b>forte</b> &amp; vent").headline == "Pluie forte & vent"


@pytest.mark.parametrize(
    ("inner", "read"),
    [
        ("<orage><niveau>3</niveau>\n <lieux><lieu>Rennes</lieu><lieu>Bruz</lieu></lieux></orage>", "3\nRennes\nBruz"),
        ("Pluie à <lieu-dit>Rennes</lieu-dit> et <x:lieu xmlns:x='urn:x'>Bruz</x:lieu>.", "Pluie à Rennes et Bruz."),
        ("<section title='Niveau'>3</section> Fermez <b>tout</b>.", "3 Fermez tout."),
    ],
)
def test_rule_34_elements_within_a_text_leave_their_texts(inner, read):
    content = cap_alert(cap_info(description="DESCRIPTION")).replace(b"DESCRIPTION", inner.encode())
    assert only_alert(content).infos[0].description == read


def test_rule_35_parameters_repeat():
    info = info_of(parameters=[("BLOCKCHANNEL", "EAS"), ("BLOCKCHANNEL", "NWEM"), ("BLOCKCHANNEL", "CMAS")])
    assert list(values_named(info.parameters, "blockchannel")) == ["EAS", "NWEM", "CMAS"]


def test_rule_36_names_are_compared_without_case_accents_and_punctuation():
    assert folded_name("Broadcast_Immediately") == folded_name("broadcast immediately")
    info = info_of(parameters=[("layer:SOREM:1.0:Broadcast_Immediately", "No")])
    assert list(values_named(info.parameters, "broadcastimmediately")) == ["No"]


def test_rule_37_a_minor_change_is_a_change_of_the_text_alone():
    minor = cap_alert(cap_info(parameters=[("profile:CAP-CP:0.4:MinorChange", "text")]), references=FIRST, **UPDATE)
    assert receive(store_of(cap_alert()), only_alert(minor), NOW)[1].change is Change.TEXT
    major = cap_alert(references=FIRST, **UPDATE)
    assert receive(store_of(cap_alert()), only_alert(major), NOW)[1].change is Change.UPDATED


@pytest.mark.parametrize("outcome", SignatureOutcome)
def test_rule_38_only_a_changed_message_is_refused_for_its_signature(outcome):
    store = store_of(cap_alert())
    message = store.messages["msg-1"][0]
    found = judge(message, RENNES, BROADCAST, NOW, outcome).decision.value
    assert found == ("ignore" if outcome is SignatureOutcome.CHANGED else "broadcast")
    strict = Policy(rules=BROADCAST.rules, needs_signature=True)
    verified = judge(message, RENNES, strict, NOW, outcome).decision.value
    expected = {SignatureOutcome.VERIFIED: "broadcast", SignatureOutcome.CHANGED: "ignore"}
    assert verified == expected.get(outcome, "propose")


# Rule 39, a pinned certificate counts at the time of sending: test_cap_signatures.py.


@pytest.mark.parametrize(
    ("tags", "preference", "chosen"),
    [
        (["en-GB", "fr-FR", "br"], ("fr", "en"), "fr-FR"),
        (["de", "en-US"], ("fr", "en"), "en-US"),
        (["DE", "de-LS"], ("de",), "DE"),
        (["de-LS", "DE"], ("de",), "DE"),
        (["de-LS", "de-AT"], ("de",), "de-AT"),
        (["de-LS", "DE"], ("fr",), "DE"),
        (["de", "de-LS"], ("de-LS",), "de-LS"),
        (["nb", "en"], ("no",), "nb"),
        (["zh-mo", "pt-PT", "en-US"], ("fr", "zh"), "zh-mo"),
        (["es-419"], ("es",), "es-419"),
        (["my", "lo"], ("fr", "en"), "my"),
        (["fr_CA", "en_CA"], ("fr",), "fr_CA"),
        (["eng", "fra"], ("fr", "en"), "fra"),
        (["English", "Français"], ("fr", "en"), "Français"),
        (["ger", "dut"], ("nl", "de"), "dut"),
    ],
)
def test_rule_40_languages_are_known_in_every_spelling(tags, preference, chosen):
    alert = only_alert(cap_alert(*(cap_info(language=tag) for tag in tags)))
    assert [info.language for info in preferred_infos(alert.infos, preference)] == [chosen]


def test_messages_may_arrive_in_any_order():
    first, second = only_alert(cap_alert()), only_alert(cap_alert(references=FIRST, **UPDATE))
    third = only_alert(
        cap_alert(
            identifier="MSG-3", msgType="Cancel", sent="2026-11-29T08:50:00+01:00",
            references="prefecture@example.org,MSG-2,2026-11-29T08:45:00+01:00",
        )
    )  # fmt: skip
    import itertools

    for order in itertools.permutations([first, second, third]):
        assert keys(receive_all(CapStore(), order, NOW)[0]) == []


def test_levels_follow_colour_then_severity():
    assert level_of(info_of(severity="Severe", parameters=[("awareness_level", "2; yellow; Moderate")])) is (
        AlertLevel.VIGILANCE
    )
    assert level_of(info_of(severity="Extreme")) is AlertLevel.EMERGENCY
    assert level_of(info_of(severity="Extreme", urgency="Future")) is AlertLevel.ALERT
    assert level_of(info_of(severity="Minor")) is AlertLevel.INFORMATION
