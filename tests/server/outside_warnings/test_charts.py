"""Warnings made of charts: from a colour of Météo-France or Vigicrues to a proposal, and to its end."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from beffroi_server.alerts import second_officer
from beffroi_server.alerts.models import Alert, AlertProposal
from beffroi_server.feeds import fetch
from beffroi_server.feeds.readers import read_feed
from beffroi_server.feeds.reading_process import FeedRefused, refusal_message
from beffroi_server.notifications.incident_texts import reason_text
from beffroi_server.notifications.models import Incident
from beffroi_server.notifications.warning_observations import failing_sources
from beffroi_server.outside_warnings import charts, following, polling
from beffroi_server.outside_warnings.models import OutsideWarning, ReceivedMessage, WarningSource

pytestmark = pytest.mark.usefixtures("keyring", "english")
PARIS = ZoneInfo("Europe/Paris")
NOON = dt.datetime(2026, 11, 24, 12, 0, tzinfo=PARIS)
MIDNIGHT = dt.datetime(2026, 11, 25, tzinfo=PARIS)
GREEN, YELLOW, ORANGE, RED = 1, 2, 3, 4
WIND, FLOOD, WAVES = 1, 2, 9


class Authority:
    """Publishes charts, at a time that tests set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.content = NOON, b""
        monkeypatch.setattr(timezone, "now", lambda: self.now)
        monkeypatch.setattr(fetch, "fetch_url", self.answer)
        monkeypatch.setattr(charts, "run_reader", self.read)

    def answer(self, address: str, _headers: object = None, *, limit: int) -> bytes:
        self.asked = address
        return self.content

    def read(self, content: bytes, *, now: str, **options: object) -> dict[str, object]:
        found = read_feed(content=content, now=dt.datetime.fromisoformat(now), **options)
        if "code" in found:
            raise FeedRefused(refusal_message(found["code"]), found["code"])
        return found

    def say(self, source: WarningSource, chart: bytes, **later: int) -> None:
        """Publish a chart some time later, and have it read."""
        self.now += dt.timedelta(**later)
        self.content = chart
        polling.read_source(source)
        source.refresh_from_db()

    def wait(self, source: WarningSource, **later: int) -> None:
        self.now += dt.timedelta(**later)
        following.follow_source(source, self.now)


def item(number: int, level: object, *hours: tuple[int, int, int]) -> dict[str, object]:
    steps = [
        {"begin_time": (MIDNIGHT + dt.timedelta(hours=first)).isoformat(), "color_id": colour,
         "end_time": (MIDNIGHT + dt.timedelta(hours=last)).isoformat()}
        for first, last, colour in hours
    ]  # fmt: skip
    return {"phenomenon_id": str(number), "phenomenon_max_color_id": level, "timelaps_items": steps}


def chart(
    today: Iterable[dict[str, object]], tomorrow: Iterable[dict[str, object]] = (), *, made: dt.datetime = NOON,
    coast: Iterable[dict[str, object]] = (), day: int = 0,
) -> bytes:  # fmt: skip
    """Return a chart of department 35, whose second period begins ``day`` days after that midnight."""
    midnight = MIDNIGHT + dt.timedelta(days=day)
    spans = {"J": (midnight - dt.timedelta(days=1), midnight), "J1": (midnight, midnight + dt.timedelta(days=1))}
    said = {"J": (today, coast), "J1": (tomorrow, ())}
    periods = [
        {"echeance": term, "begin_validity_time": first.isoformat(), "end_validity_time": last.isoformat(),
         "timelaps": {"domain_ids": [{"domain_id": "35", "phenomenon_items": list(said[term][0])},
                                     {"domain_id": "3510", "phenomenon_items": list(said[term][1])},
                                     {"domain_id": "29", "phenomenon_items": [item(FLOOD, RED)]}]}}
        for term, (first, last) in spans.items()
    ]  # fmt: skip
    return json.dumps({"product": {"update_time": made.isoformat(), "periods": periods}}).encode()


@pytest.fixture
def authority(monkeypatch, town, settings):
    settings.METEOFRANCE_KEY = "key"
    town.latitude, town.longitude, town.insee = 48.11, -1.68, "35238"
    town.save()
    return Authority(monkeypatch)


def vigilance(**values: object) -> WarningSource:
    return WarningSource.objects.create(name="Vigilance", kind="vigilance", propose_from="alert", **values)


def waiting() -> list[tuple[str, str]]:
    return [(each.level, each.title) for each in second_officer.open_proposals(timezone.now())]


def test_an_orange_is_proposed_for_its_hours_and_ends_when_the_chart_says_green(authority, bob):
    source = vigilance()
    evening = item(WIND, ORANGE, (-12, -6, YELLOW), (-6, 0, ORANGE))
    authority.say(source, chart([evening, item(FLOOD, GREEN)], [item(WIND, GREEN), item(FLOOD, GREEN)]))
    proposal = AlertProposal.objects.get()
    assert (proposal.level, proposal.hazard, proposal.title) == (
        "alert",
        "wind",
        "Vigilance orange\u202f: vent violent",
    )
    assert (proposal.source, proposal.ends_at) == ("Météo-France", MIDNIGHT)
    assert "18\u202fh" in proposal.description
    assert proposal.instruction.startswith("Limitez vos déplacements.")

    alert = second_officer.confirm_proposal(proposal, user=bob)
    made = NOON + dt.timedelta(minutes=30)
    # The same once more changes nothing, nor does a chart that says nothing about wind, or what nobody knows.
    for said in ([evening], [], [item(WIND, 7)], [item(WIND, None)]):
        authority.say(source, chart(said, [item(WIND, GREEN)] if said else [], made=made), minutes=10)
        alert.refresh_from_db()
        assert alert.ends_at > timezone.now(), said
    assert "Vent violent" in source.problem
    assert waiting() == []

    authority.say(source, chart([item(WIND, GREEN)], [item(WIND, GREEN)], made=authority.now), minutes=10)
    alert.refresh_from_db()
    assert alert.ends_at <= authority.now
    assert OutsideWarning.objects.get().close_reason == "all-clear"


def test_a_colour_that_changes_corrects_and_one_below_the_policy_ends(authority):
    source = vigilance(broadcast_from="alert")
    for colour in (ORANGE, RED, RED):
        authority.say(source, chart([item(WIND, colour)], made=authority.now), minutes=20)
    first, second = Alert.objects.order_by("issued_at")
    assert (first.level, second.level, second.corrects) == ("alert", "emergency", first)
    authority.say(source, chart([item(WIND, YELLOW)], made=authority.now), minutes=20)
    second.refresh_from_db()
    assert second.ends_at <= authority.now

    authority.say(source, chart([item(WIND, ORANGE)], made=authority.now), minutes=20)
    assert Alert.objects.count() == 3, "what comes back is broadcast again"


def test_green_ends_what_an_officer_broadcast_although_red_still_waited(authority, bob):
    source = vigilance()
    authority.say(source, chart([item(WIND, ORANGE)]))
    alert = second_officer.confirm_proposal(AlertProposal.objects.get(), user=bob)
    authority.say(source, chart([item(WIND, RED)], made=authority.now), minutes=10)
    assert [(each.level, each.corrects) for each in second_officer.open_proposals(authority.now)] == [
        ("emergency", alert)
    ]
    authority.say(source, chart([item(WIND, GREEN)], made=authority.now), minutes=10)
    alert.refresh_from_db()
    assert alert.ends_at <= authority.now
    assert waiting() == []


def test_what_goes_on_tomorrow_is_one_warning_and_goes_on_over_midnight(authority):
    source = vigilance(broadcast_from="alert")
    authority.say(source, chart([item(WIND, ORANGE)], [item(WIND, ORANGE, (0, 9, ORANGE))]))
    assert Alert.objects.get().ends_at == MIDNIGHT + dt.timedelta(hours=9)
    authority.now = MIDNIGHT + dt.timedelta(hours=6)
    later = chart([item(WIND, ORANGE, (0, 12, ORANGE))], [item(WIND, GREEN)], made=authority.now, day=1)
    authority.say(source, later)
    authority.wait(source, hours=2, minutes=40)
    assert Alert.objects.get().ends_at == MIDNIGHT + dt.timedelta(hours=12), "extended, not broadcast anew"


@pytest.mark.parametrize(
    ("ahead", "proposed", "alerts"), [("ignore", 0, 0), ("propose", 1, 0), ("broadcast", 0, 1)]
)  # fmt: skip
def test_what_is_announced_for_tomorrow_is_told_as_the_town_wants(authority, ahead, proposed, alerts):
    source = vigilance(broadcast_from="alert", ahead=ahead)
    authority.say(source, chart([item(WIND, GREEN)], [item(WIND, RED)]))
    assert (len(waiting()), Alert.objects.count()) == (proposed, alerts)
    authority.wait(source, hours=12)
    assert (len(waiting()), Alert.objects.count()) == (0, 1), "in force, it goes out"


def test_who_missed_what_was_announced_is_asked_once_more_when_it_begins(authority):
    source = vigilance()
    authority.say(source, chart([], [item(WIND, ORANGE)]))
    authority.wait(source, hours=3)
    assert waiting() == []
    assert OutsideWarning.objects.get().state == "missed"
    for _ in range(2):
        authority.wait(source, hours=4, minutes=31)
    assert len(waiting()) == 1
    authority.wait(source, hours=3)
    assert waiting() == []


def test_the_coast_counts_and_single_phenomena_have_their_own_policy(authority):
    source = vigilance(phenomena={str(WIND): ["never", "never"], str(WAVES): ["vigilance", "alert"]})
    authority.say(source, chart([item(WIND, RED), item(FLOOD, YELLOW)], coast=[item(WAVES, YELLOW)]))
    assert [title for _, title in waiting()] == ["Vigilance jaune\u202f: vagues-submersion"]
    authority.say(source, chart([item(WIND, RED)], coast=[item(WAVES, ORANGE)], made=authority.now), minutes=9)
    assert Alert.objects.get().title == "Vigilance orange\u202f: vagues-submersion"


def test_half_of_the_policy_of_a_phenomenon_may_be_as_for_all(authority):
    source = vigilance(phenomena={str(WIND): ["emergency", ""], str(FLOOD): ["", "emergency"]})
    authority.say(source, chart([item(WIND, ORANGE), item(FLOOD, ORANGE)]))
    assert [title for _, title in waiting()] == ["Vigilance orange\u202f: pluie-inondation"]
    authority.say(source, chart([item(WIND, RED)], made=authority.now), minutes=9)
    assert "Vigilance rouge\u202f: vent violent" in [title for _, title in waiting()]
    assert not Alert.objects.exists()


def test_a_chart_that_nobody_renews_proposes_nothing_ends_nothing_and_is_said_to_be_old(authority, bob):
    source = vigilance()
    authority.say(source, chart([item(WIND, ORANGE)], [item(WIND, ORANGE)]))
    alert = second_officer.confirm_proposal(AlertProposal.objects.get(), user=bob)
    stale = chart([item(WIND, GREEN), item(FLOOD, RED)], [item(WIND, GREEN)], made=NOON)
    authority.say(source, stale, hours=19)
    alert.refresh_from_db()
    assert alert.ends_at == MIDNIGHT + dt.timedelta(days=1)
    assert waiting() == []
    assert source.failing_since is not None
    assert "no longer renewed" in source.problem_words


def test_the_moment_of_an_old_chart_is_worded_when_it_is_shown(authority, monkeypatch):
    source = vigilance()
    authority.say(source, chart([item(WIND, GREEN)], made=NOON), hours=19)
    (told,) = failing_sources()
    incident = Incident(occasion=told.occasion, subject=told.subject, name=told.name, detail=told.detail)
    for later, said in ((0, "of yesterday at 12:00"), (24, "of 24 November 2026 at 12:00")):
        monkeypatch.setattr(timezone, "now", lambda later=later: authority.now + dt.timedelta(hours=later))
        assert said in source.problem_words
        assert said in reason_text(incident)


def archive(*domains: tuple[str, list[dict[str, object]]]) -> bytes:
    listed = [{"domain_id": name, "phenomenon_items": items} for name, items in domains]
    value = {"update_time": NOON.isoformat(), "timelaps": {"domain_ids": listed}}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as found:
        found.writestr("CDPV85_TFFR_.txt", json.dumps(value))
        found.writestr("bulletin.pdf", b"%PDF")
    return out.getvalue()


@pytest.mark.parametrize(
    ("insee", "domains", "titles"),
    [
        ("97105", [("VIGI971", [item(10, 5)]), ("VIGI972", [item(1, 3)])], ["Vigilance violette\u202f: cyclone"]),
        ("97411", [("VIGI974", [item(12, 7), item(10, 8)])], ["Vigilance orange\u202f: cyclone"]),
        # Grey and blue are on no scale of ours, and what cannot be there is nothing.
        ("97411", [("VIGI974", [item(10, 6), item(9, -1), item(1, 0)])], []),
        ("97801", [("VIGI978-977", [item(1, 4)])], ["Vigilance rouge\u202f: vent violent"]),
        ("97302", [("VIGI973-01", [item(1, 1)]), ("VIGI973-51", [item(9, 3)])],
         ["Vigilance orange\u202f: vagues-submersion"]),
    ],
)  # fmt: skip
def test_overseas_has_its_own_archive_colours_and_phenomena(authority, town, insee, domains, titles):
    town.insee = insee
    town.save()
    source = vigilance()
    authority.say(source, archive(*domains))
    assert "vigilanceom" in authority.asked
    assert [title for _, title in waiting()] == titles
    assert bool(source.problem) == (titles == [])


def reaches(*found: tuple[str, str, object, list[list[float]]], made: dt.datetime | None = NOON) -> bytes:
    features = [
        {"properties": {"CdEntCru": code, "lbentcru": name, "NivInfViCr": level},
         "geometry": {"type": "MultiLineString", "coordinates": [line]}}
        for code, name, level, line in found
    ]  # fmt: skip
    times = {"DtHrInfoVigiCru": made.isoformat()} if made else {}
    return json.dumps({"type": "FeatureCollection", "features": features, **times}).encode()


def test_the_reaches_of_rivers_near_the_town_are_warnings_and_those_that_it_names(authority):
    here, far = [[-1.9, 48.05], [-1.5, 48.15]], [[4.8, 45.7], [4.9, 45.8]]
    content = reaches(("VI1", "Vilaine médiane", 3, here), ("RH2", "Rhône aval", 4, far))
    source = WarningSource.objects.create(name="Vigicrues", kind="rivers", propose_from="alert")
    authority.say(source, content)
    assert waiting() == [("alert", "Vigilance crues orange\u202f: Vilaine médiane")]
    assert AlertProposal.objects.get().hazard == "flood"
    assert OutsideWarning.objects.get().ends_at == MIDNIGHT + dt.timedelta(days=1)

    source.zones = "rhone aval"
    source.save()
    authority.say(source, reaches(("RH2", "Rhône aval", 4, far)))
    assert ("emergency", "Vigilance crues rouge\u202f: Rhône aval") in waiting()

    source.zones = "nowhere"
    source.save()
    authority.say(source, content)
    assert "nothing is known of floods" in source.problem


def test_what_cannot_be_asked_for_says_what_is_missing(authority, town, settings):
    source = vigilance()
    authority.say(source, b"<html>")
    assert "not supported" in source.problem
    authority.say(source, chart([item(WIND, RED)], made=NOON).replace(b'"35', b'"56'))
    assert "Not in the chart: 35" in source.problem
    settings.METEOFRANCE_KEY = ""
    authority.say(source, b"")
    assert "BEFFROI_METEOFRANCE_KEY" in source.problem
    town.insee = ""
    town.save()
    authority.say(source, b"")
    assert "department is not known" in source.problem
    assert not ReceivedMessage.objects.exists()


def test_a_form_asks_what_its_kind_needs_and_keeps_the_choice_of_each_phenomenon(client, dora, town):
    client.force_login(dora)
    choice = client.get("/warnings/sources/add/")
    assert [kind for kind, *_ in choice.context["kinds"]] == ["vigilance", "rivers", "address", "webhook", "mqtt"]
    address = "/warnings/sources/add/?kind=vigilance"
    form = client.get(address).context["form"]
    assert "topic" not in form.fields
    values = {each.html_name: each.value() for each in form if each.value() is not None}
    own = {"propose-1": "vigilance", "broadcast-1": "never"}
    assert client.post(address, {**values, **own, "zones": "35\n99"}).status_code == 422
    assert client.post(address, {**values, **own, "zones": "35\n2a\n974-02"}).status_code == 302
    source = WarningSource.objects.get()
    assert (source.kind, source.phenomena) == ("vigilance", {"1": ["vigilance", "never"]})
    assert [name for name, *_ in client.get(f"/warnings/sources/{source.pk}/").context["form"].phenomena][-1] == (
        "Fortes pluies et orages"
    )
