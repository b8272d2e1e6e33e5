"""Real files, where there are some beside the project: every message is found, and none of them raises."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree
from tests.support.cap_files import NOW, RENNES

from beffroi_server.cap.lifecycle import CapStore, KnownMessage, receive_all
from beffroi_server.cap.messages import CapAlert, CapUnreadable
from beffroi_server.cap.policy import Policy
from beffroi_server.cap.reader import read_document
from beffroi_server.cap.verdicts import judge

FOLDER = Path(__file__).parents[4] / "shared/data/cap"
FILES = sorted(path for path in FOLDER.glob("*") if path.suffix != ".xsd") if FOLDER.is_dir() else []
pytestmark = pytest.mark.skipif(not FILES, reason="no CAP files in ../shared/data/cap")


def texts(root, name: str) -> list[str]:
    found = (each.text or "" for each in root.iter() if etree.QName(each).localname == name)
    return [" ".join(text.split()) for text in found if text.strip()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_says_what_the_file_says(path):
    root = etree.fromstring(path.read_bytes(), etree.XMLParser(remove_comments=True, remove_pis=True))
    found = read_document(path.read_bytes())
    alerts = found.alerts
    assert found.notes == ()
    assert {alert.identifier for alert in alerts} == set(texts(root, "identifier"))
    assert len(alerts) == len(set(texts(root, "identifier")))
    infos = [info for alert in alerts for info in alert.infos]
    assert {info.event for info in infos} == set(texts(root, "event"))
    described = {area.description for info in infos for area in info.areas}
    assert described == set(texts(root, "areaDesc"))
    assert sum(len(area.polygons) for info in infos for area in info.areas) == len(texts(root, "polygon"))
    for name in ("status", "scope", "urgency", "severity", "certainty"):
        values = {value for each in (*alerts, *infos) if (value := getattr(each, name, None))}
        assert values == set(texts(root, name))


@pytest.mark.skipif(not FILES, reason="no CAP files")
def test_all_of_them_are_judged():
    alerts: list[CapAlert] = []
    for path in FILES:
        try:
            alerts += read_document(path.read_bytes()).alerts
        except CapUnreadable as error:
            pytest.fail(f"{path.name}: {error}")
    store, outcomes = receive_all(CapStore(), alerts, NOW)
    assert len(outcomes) == len(alerts)
    for alert in alerts:
        for moment in (NOW, alert.sent or NOW):
            assert judge(store.known(alert) or KnownMessage(alert, NOW, NOW), RENNES, Policy(), moment).reasons
