"""Documents, feeds and envelopes: where messages are found, and how broken text is mended."""

from __future__ import annotations

import base64
import json
import math
from html import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.cap_files import NOW, RENNES, cap_alert, cap_area, cap_info, decision_of, only_alert

from beffroi_server.cap.hazards import hazard_of
from beffroi_server.cap.lifecycle import CapStore, KnownMessage, receive_all
from beffroi_server.cap.messages import CapReference, CapUnreadable
from beffroi_server.cap.outside_warnings import outside_warnings
from beffroi_server.cap.policy import Policy
from beffroi_server.cap.reader import read_document
from beffroi_server.cap.references import read_references
from beffroi_server.cap.verdicts import judge

ALERT = cap_alert().decode()
DECLARED = "<?xml version='1.0' encoding='UTF-8'?>"
EDXL = "urn:oasis:names:tc:emergency:EDXL:DE:1.0"
BASE64 = base64.b64encode((DECLARED + ALERT).encode()).decode()
ATOM = "http://www.w3.org/2005/Atom"
CONTAINERS = {
    "bare": ALERT,
    "atom content": f'<feed xmlns="{ATOM}"><entry><content type="text/xml">{ALERT}</content></entry></feed>',
    "atom escaped": f'<feed xmlns="{ATOM}"><entry><content type="html">{escape(ALERT)}</content></entry></feed>',
    "rss cdata": f"<rss><channel><item><description><![CDATA[{DECLARED}{ALERT}]]></description></item></channel></rss>",
    "rss extension": f"<rss><channel><item><title>x</title>{ALERT}</item></channel></rss>",
    "edxl xml": f'<e:EDXLDistribution xmlns:e="{EDXL}"><e:contentObject><e:xmlContent><e:embeddedXMLContent>{ALERT}'
    "</e:embeddedXMLContent></e:xmlContent></e:contentObject></e:EDXLDistribution>",
    "edxl base64": f'<EDXLDistribution xmlns="{EDXL}"><contentObject><nonXMLContent><contentData>{BASE64}'
    "</contentData></nonXMLContent></contentObject></EDXLDistribution>",
    "soap": f"<s:Envelope xmlns:s='urn:s'><s:Body><alerts>{ALERT}</alerts></s:Body></s:Envelope>",
    "one after the other": f"{DECLARED}{ALERT}\n{DECLARED}{ALERT}\n",
    "composer's envelope": json.dumps({"data": BASE64, "filename": "1.xml"}),
    "json": json.dumps(
        {
            "warnings": [
                {
                    "alert": {
                        "identifier": "MSG-1",
                        "sender": "x",
                        "sent": "2026-11-29T08:30:00+01:00",
                        "status": "Actual",
                        "info": [
                            {
                                "event": "Orages violents",
                                "area": [{"areaDesc": "Ici", "polygon": ["48,-2 48,-1 49,-1"]}],
                            }
                        ],
                    }
                }
            ]
        }
    ),
    "json text": json.dumps({"alert": {"source": "hub", "capXml": DECLARED + ALERT}}),
    "text of an unknown name": f"<hub><original>{escape(ALERT)}</original></hub>",
    "repeated": f"<alerts>{ALERT}{ALERT}</alerts>",
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_finds_the_message_wherever_it_travels(name):
    alert = only_alert(CONTAINERS[name].encode())
    assert (alert.identifier, alert.infos[0].event, alert.is_damaged) == ("MSG-1", "Orages violents", False)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + ALERT.encode(),
        b"\xef\xbb\xbf\r\n \n" + DECLARED.encode() + ALERT.encode(),
        (DECLARED.replace("UTF-8", "UTF-16") + ALERT).encode("utf-16"),
        ALERT.encode("utf-16-le"),
        (DECLARED.replace("UTF-8", "ISO-8859-1") + ALERT.replace("violents", "violénts")).encode("latin-1"),
        (DECLARED + ALERT.replace("violents", "violénts")).encode("cp1252"),
        (DECLARED.replace("UTF-8", "ISO-8859-1") + ALERT.replace("violents", "violénts")).encode(),
        ALERT.replace("fortes", "fortes &eacute; &nbsp; & \x0b").encode(),
        ALERT.replace("fortes", "fortes &#11; &unknown;").encode(),
        ALERT.replace("fortes", "fortes & < 100 km/h, <= 110 km/h").encode(),
        b"HTTP/1.1 200 OK\r\n\r\n" + ALERT.encode(),
        b'<!DOCTYPE alert SYSTEM "http://127.0.0.1:9/cap.dtd">' + ALERT.encode(),
    ],
    ids=range(12),
)
def test_mends_encodings_and_letters_without_losing_a_word(content):
    alert = only_alert(content)
    assert (alert.identifier, alert.is_damaged) == ("MSG-1", False)
    assert alert.infos[0].event in ("Orages violents", "Orages violénts")


def test_letters_of_windows_in_a_document_that_calls_itself_latin_are_kept():
    text = DECLARED.replace("UTF-8", "ISO-8859-1") + ALERT.replace(
        "fortes", "\u201cfortes\u201d \u2013 5\u20ac l\u2019été"
    )
    info = only_alert(text.encode("cp1252")).infos[0]
    assert info.description == "De \u201cfortes\u201d \u2013 5\u20ac l\u2019été rafales."
    assert (
        only_alert(ALERT.replace("fortes", "l&#146;été &#129;").encode()).infos[0].description
        == "De l\u2019été rafales."
    )


def test_a_picture_of_more_than_ten_megabytes_costs_no_word():
    resource = f"<resource><mimeType>image/png</mimeType><derefUri>{'A' * 10_100_000}</derefUri></resource><area>"
    alert = only_alert(ALERT.replace("<area>", resource, 1).encode())
    assert (alert.is_damaged, alert.infos[0].areas[0].has_geometry) == (False, True)


@pytest.mark.parametrize(
    ("status", "decision"),
    [
        ("<e:distributionStatus>Actual</e:distributionStatus>", "broadcast"),
        ("<e:distributionStatus>Exercise</e:distributionStatus>", "ignore"),
        ("<e:distributionStatus><e:StatusKindDefault>Test</e:StatusKindDefault></e:distributionStatus>", "ignore"),
        ("<e:distributionStatus>System</e:distributionStatus>", "ignore"),
    ],
)
@pytest.mark.parametrize("name", ["edxl xml", "edxl base64"])
def test_what_comes_in_the_envelope_of_an_exercise_is_one(name, status, decision):
    envelope = CONTAINERS[name].replace("contentObject>", f"contentObject>{status}", 1)
    alert = only_alert(envelope.replace("<EDXLDistribution", f'<EDXLDistribution xmlns:e="{EDXL}"').encode())
    assert (decision_of(alert)[0], alert.status) == (decision, "Actual")


def test_links_may_be_relative_to_the_feed_or_to_the_base_that_it_gives():
    link = '<entry><link type="application/cap+xml" href="1.xml"/></entry>'
    plain = f'<feed xmlns="{ATOM}">{link}</feed>'.encode()
    based = f'<feed xmlns="{ATOM}" xml:base="https://example.org/cap/"><entry xml:base="fr/">{link[7:]}</feed>'.encode()
    addresses = [
        read_document(plain, "https://example.org/feeds/index.atom").links[0].address,
        read_document(based).links[0].address,
    ]
    assert addresses == ["https://example.org/feeds/1.xml", "https://example.org/cap/fr/1.xml"]
    assert [(note.code, note.value) for note in read_document(plain).notes] == [("bad-link", "1.xml")]


def test_an_address_may_stand_in_an_element_of_its_own():
    item = "<item><link>https://example.org/report?id=1</link><g:cap>https://example.org/cap_1.xml</g:cap></item>"
    feed = f"<rss xmlns:g='https://example.org/gdacs'><channel>{item}</channel></rss>".encode()
    assert [link.address for link in read_document(feed).links] == ["https://example.org/cap_1.xml"]


def test_an_element_that_is_called_alert_is_not_always_a_message():
    with pytest.raises(CapUnreadable, match="no-cap"):
        read_document(b"<page><alert>Attention</alert></page>")


@pytest.mark.parametrize(
    ("identifier", "code", "is_swapped"),
    [
        ("mow.DE-1", None, True), ("DE-BW-OG-W001-1", ("Kehl", "083170057057"), True),
        ("2.49.0.0.276.0.DWD.1", ("WARNCELLID", "808317057"), False), ("DE-1", None, False),
    ],
)  # fmt: skip
def test_the_german_office_writes_longitude_first_in_json_and_placeholders_between_rings(identifier, code, is_swapped):
    area = {"areaDesc": "Ici", "polygon": ["-2,48 -1,48 -1,49 -1.0,-1.0"]}
    if code:
        area["geocode"] = [{"valueName": code[0], "value": code[1]}]
    value = {"identifier": identifier, "info": [{"event": "Übung", "area": [area]}]}
    (read,) = only_alert(json.dumps([value]).encode()).infos[0].areas
    assert (read.polygons == (((48, -2), (48, -1), (49, -1), (48, -2)),)) is is_swapped


@pytest.mark.parametrize("content", [b"{", b"[1, 2]", b"[" * 2000, b'{"a": 1}'])
def test_other_json_is_refused(content):
    with pytest.raises(CapUnreadable):
        read_document(content)


def test_georss_is_no_area():
    area = "<g:polygon xmlns:g='http://www.georss.org/georss'>1 2 3 4 5 6 1 2</g:polygon>"
    feed = f'<feed xmlns="{ATOM}" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2"><entry><id>1</id>{area}'
    alert = only_alert(f"{feed}<cap:event>Vent</cap:event></entry></feed>".encode())
    assert alert.infos[0].areas == ()


def test_lists_of_codes_are_split_and_flat_infos_read():
    flat = (
        b"<alert><identifier>!</identifier><event>Vent</event><areaDesc>Ici</areaDesc><polygon/><geocode>"
        b"<valueName>FIPS6</valueName><value>041003 041005</value><valueName>UGC</valueName><value>ORZ007</value>"
        b"</geocode></alert>"
    )
    (area,) = only_alert(flat).infos[0].areas
    assert [(code.name, code.value) for code in area.geocodes] == [
        ("FIPS6", "041003"),
        ("FIPS6", "041005"),
        ("UGC", "ORZ007"),
    ]
    assert area.description == "Ici"


def test_a_name_may_have_several_values_and_nothing_at_all_is_no_code():
    codes = b"<geocode><valueName>NUTS3</valueName><value>FR523</value><value>FR521</value></geocode>"
    empty = b"<geocode><valueName/><value/></geocode>"
    alert = cap_alert(cap_info(cap_area())).replace(b"</area>", codes + empty + b"</area>")
    (area,) = only_alert(alert).infos[0].areas
    assert [(code.name, code.value) for code in area.geocodes] == [("NUTS3", "FR523"), ("NUTS3", "FR521")]


def test_cap_1_0_writes_parameters_with_an_equals_sign():
    alert = cap_alert(cap_info()).replace(b"</info>", b"<eventCode>SAME=SVR</eventCode></info>")
    assert [(code.name, code.value) for code in only_alert(alert).infos[0].event_codes] == [("SAME", "SVR")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@b.fr,ID-1,2026-11-29T08:30:00+01:00", [("a@b.fr", "ID-1", True)]),
        ("Météo France, ID-1 , 2026-11-29T08:30:00+01:00", [("Météo France", "ID-1", True)]),
        ("a,b,ID,2026-11-29T08:30:00-00:00\n\tc,ID2,2026-11-29T08:30:00Z", [("a,b", "ID", True), ("c", "ID2", True)]),
        ("a,ID-1,yesterday", [("a", "ID-1", False)]),
        ("ID-1 ID-2", [(None, "ID-1", False), (None, "ID-2", False)]),
        ("", []),
        (" , , ", []),
    ],
)
def test_reads_references_as_they_are_written(text, expected):
    found = [(each.sender, each.identifier, each.sent is not None) for each in read_references(text)]
    assert found == expected
    assert all(isinstance(each, CapReference) for each in read_references(text))


def test_earlier_messages_that_are_listed_twice_are_named_once():
    references = "D-3 D-2 D,D-3 D-2 D-1,2026-11-29T08:30:00Z"
    found = only_alert(cap_alert(sender="D", references=references)).references
    assert [(each.sender, each.identifier) for each in found] == [(None, "D-3"), (None, "D-2"), ("D", "D-1")]


@pytest.mark.parametrize(
    ("fields", "hazard"),
    [
        ({"event": "Vigilance orange vent violent"}, "wind"), ({"event": "Crue", "headline": "x"}, "flood"),
        ({"event": "x", "parameters": [("awareness_type", "2; snow-ice")]}, "snow"),
        ({"event": "Child Abduction"}, "person"), ({"event": "Grassfire"}, "fire"), ({"event": "Ветер"}, "wind"),
        ({"event": "x", "event_codes": [("SAME", "TOR")]}, "wind"), ({"event": "Orages violents"}, "general"),
        ({"event": "Pluie-inondation"}, "flood"), ({"event": "Coupure d’eau potable"}, "water"),
        ({"event": "Eau non potable"}, "water"), ({"event": "Tornade"}, "wind"),
        ({"event": "Coupure de courant"}, "power"),
        ({"event": "Pluies verglaçantes"}, "snow"), ({"event": "Confinement"}, "shelter"),
        ({"event": "Disparition inquiétante"}, "person"), ({"event": "Rupture de barrage"}, "flood"),
        ({"event": "Alerte", "headline": "Ne pas utiliser l'ascenseur"}, "general"),
    ],
)  # fmt: skip
def test_hazards_are_known_by_codes_and_words_and_otherwise_general(fields, hazard):
    assert hazard_of(only_alert(cap_alert(cap_info(**{"headline": "–", **fields}))).infos[0]) == hazard


SAMPLE = cap_alert(
    cap_info(cap_area(polygon="48,-2 48,-1 49,-1", circle="48,-2 5", codes=[("EXCLUDE_POLYGON", "48,-2 48,-1 49,-1")])),
    references="a,b,2026-11-29T08:30:00+01:00",
)
PIECES = [
    b"",
    b"<",
    b">",
    b"&x;",
    b"<info>",
    b"</alert>",
    b"nan,1e9",
    b"\xff\x00",
    b"<b>",
    b"9999-12-31T24:00:00-14:00",
    b" ",
]
EDITS = st.tuples(st.integers(0, len(SAMPLE)), st.integers(0, 60), st.sampled_from(PIECES))


def edited(edits: list[tuple[int, int, bytes]]) -> bytes:
    content = SAMPLE
    for at, length, piece in edits:
        content = content[:at] + piece + content[at + length :]
    return content


@settings(max_examples=50, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.binary(max_size=80), st.lists(EDITS, min_size=1, max_size=6).map(edited)))
def test_no_bytes_make_it_raise(content):
    try:
        found = read_document(content)
    except CapUnreadable:
        return
    store, _ = receive_all(CapStore(), found.alerts, NOW)
    outside_warnings(store, NOW)
    for alert in found.alerts:
        judge(store.known(alert) or KnownMessage(alert, NOW, NOW), RENNES, Policy(), NOW)


def test_a_flood_of_parts_is_cut_and_named():
    areas = "".join([cap_area(codes=[("INSEE", "01004")])] * 5_100)
    found = read_document(cap_alert(cap_info(areas)))
    assert (len(found.alerts[0].infos[0].areas), [note.code for note in found.notes]) == (5_000, ["too-many-areas"])
    # The town may be among what is left out.
    assert decision_of(found.alerts[0]) == ("propose", "area-unknown")
    points = " ".join(f"{at % 90},1" for at in range(200_001))
    long = read_document(cap_alert(cap_info(cap_area(polygon=points))))
    assert [note.code for note in long.notes] == ["too-many-points"]


def test_an_outline_of_a_coast_with_all_its_rocks_is_read_whole():
    step = 2 * math.pi / 60_000
    coast = [f"{48.11 + math.sin(at * step):.15f},{-1.68 + math.cos(at * step):.15f}" for at in range(60_000)]
    found = read_document(cap_alert(cap_info(cap_area(polygon=" ".join(coast)))))
    (outline,) = found.alerts[0].infos[0].areas[0].polygons
    assert (found.notes, len(outline)) == ((), 60_001)
    assert decision_of(found.alerts[0])[0] == "broadcast"
