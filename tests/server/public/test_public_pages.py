"""The public page, feeds and embeddable list: off by default, the same for everybody, and nothing of colleagues."""

from __future__ import annotations

import datetime as dt
import json
import re
import xml.etree.ElementTree as ET

import icalendar
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from beffroi_content import model as content
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library import archive, services, town_branding
from beffroi_server.library.models import PublicSettings
from beffroi_server.outlets import subscriptions
from beffroi_server.outlets.models import CapOutput
from beffroi_server.public import conditional
from beffroi_server.schedule import placements
from beffroi_server.schedule.compile_inputs import IDLE_SLIDE_ID, load_inputs
from beffroi_server.schedule.manifest_compiler import compile_manifest
from beffroi_server.schedule.models import Playlist

pytestmark = pytest.mark.django_db
ADDRESSES = (
    "public-announcements", "public-embed", "public-atom", "public-json", "public-calendar", "public-alerts",
    "public-alerts-atom", "public-alerts-json",
)  # fmt: skip


@pytest.fixture
def reader(town) -> Client:
    return Client(HTTP_ACCEPT_LANGUAGE="en", enforce_csrf_checks=True)


@pytest.fixture
def public(town) -> PublicSettings:
    chosen = PublicSettings(town=town, is_on=True, framed_by="https://www.saint-aubin.fr/")
    subscriptions.save_public_settings(chosen, user=None)
    return chosen


@pytest.fixture
def market(hall, alice):
    """An event on every screen for a week."""
    starts = timezone.now() + dt.timedelta(days=3)
    row = services.save_announcement(
        None, user=alice, template="event", title="Marché <de Noël>", body="Place du Marché", label="Fêtes",
        starts=starts, ends=starts + dt.timedelta(hours=4),
    )  # fmt: skip
    placements.place_announcement(row, everywhere=True, ends_at=timezone.now() + dt.timedelta(days=7), user=alice)
    return row


def titles(reader: Client) -> list[str]:
    return [each["title"] for each in reader.get(reverse("public-json")).json()["items"]]


@pytest.mark.parametrize("name", ADDRESSES)
def test_nothing_is_public_before_the_town_says_so(reader, market, name):
    assert reader.get(reverse(name)).status_code == 404


@pytest.mark.parametrize("name", ADDRESSES)
def test_answers_are_light_cacheable_and_set_no_cookie(reader, public, market, name, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        answer = reader.get(reverse(name))
    # An alert is never a minute late for a cache.
    age = 10 if "alerts" in name or name == "public-announcements" else 60
    assert (answer.status_code, answer["Cache-Control"], answer.cookies) == (200, f"public, max-age={age}", {})
    assert "Cookie" not in answer["Vary"]
    assert reader.get(reverse(name), headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert "alice" not in answer.content.decode()
    assert len(answer.content) < 10_000
    assert reader.post(reverse(name)).status_code == 405


def test_the_page_and_an_announcement_read_well(reader, public, market):
    page = reader.get(reverse("public-announcements")).content.decode()
    assert "Marché &lt;de Noël&gt;" in page
    assert "<script" not in page
    one = reader.get(reverse("public-announcement", args=[market.pk])).content.decode()
    assert "Place du Marché" in one
    assert reader.get(reverse("public-announcements"), headers={"accept-language": "fr"}).status_code == 200


def test_what_is_taken_off_or_archived_leaves_at_once(reader, public, market):
    assert titles(reader) == [market.title]
    placements.take_off_screens([market], user=None)
    assert titles(reader) == []
    assert reader.get(reverse("public-announcement", args=[market.pk])).status_code == 404
    placements.put_back_on_screens([market], user=None)
    archive.archive_announcements([market], user=None)
    assert titles(reader) == []
    assert reader.get(reverse("public-announcement", args=[market.pk])).status_code == 404


def test_what_was_never_published_is_not_there(reader, public, market, announcement):
    assert titles(reader) == [market.title]
    assert reader.get(reverse("public-announcement", args=[announcement.pk])).status_code == 404


def test_what_a_playlist_with_a_rule_shows_is_there(reader, public, hall, playlist, announcement):
    assert titles(reader) == [announcement.title]
    playlist.rules.update(last_date="2020-01-01")
    assert titles(reader) == []


def test_what_is_over_stays_for_the_days_that_the_town_has_chosen(reader, public, market):
    market.placement.ends_at = timezone.now() - dt.timedelta(days=2)
    market.placement.save()
    assert titles(reader) == []
    address = reverse("public-announcement", args=[market.pk])
    assert reader.get(address).status_code == 200
    assert "No longer on the screens" in reader.get(reverse("public-announcements")).content.decode()
    PublicSettings.objects.update(past_days=1)
    assert reader.get(address).status_code == 404


def test_the_feeds_are_what_their_standards_say(reader, public, market):
    atom = ET.fromstring(reader.get(reverse("public-atom")).content)  # noqa: S314 - our own feed
    spaces = {"a": "http://www.w3.org/2005/Atom"}
    assert atom.findtext("a:entry/a:title", namespaces=spaces) == market.title
    feed = reader.get(reverse("public-json"))
    assert feed["Content-Type"] == "application/feed+json"
    assert feed.json()["version"] == "https://jsonfeed.org/version/1.1"
    calendar = icalendar.Calendar.from_ical(reader.get(reverse("public-calendar")).content)
    (event,) = calendar.walk("VEVENT")
    assert event["SUMMARY"] == market.title
    assert event.decoded("DTSTART") == market.starts.replace(microsecond=0)


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(conditional, "_first_seen", conditional._FirstSeen())

    def at(instant: dt.datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: instant)

    return at


@pytest.mark.parametrize("name", ["public-atom", "public-alerts-atom", "cap-feed"])
@pytest.mark.usefixtures("keyring")
class TestEmptyFeed:
    """Nothing is on: readers ask all day long, and each must get an Atom feed once and “not modified” after that."""

    NOON = dt.datetime(2027, 3, 1, 11, tzinfo=dt.UTC)

    @pytest.fixture(autouse=True)
    def given_out(self, public, clock):
        CapOutput.objects.create(is_on=True)
        clock(self.NOON)

    def test_is_valid_atom(self, reader, name):
        feed = ET.fromstring(reader.get(reverse(name)).content)  # noqa: S314 - our own feed
        found = {each.tag.rpartition("}")[2]: each for each in feed}
        assert "entry" not in found
        assert found["id"].text.startswith("http")
        assert found["title"].text.strip()
        assert dt.datetime.fromisoformat(found["updated"].text) <= self.NOON
        assert found["author"][0].text.strip()

    @pytest.mark.parametrize("field", ["If-None-Match", "If-Modified-Since"])
    def test_is_fetched_once(self, reader, name, field, clock):
        first = reader.get(reverse(name))
        had = {"If-None-Match": f'"older", W/{first["ETag"]}', "If-Modified-Since": first["Last-Modified"]}
        clock(self.NOON + dt.timedelta(hours=3))
        again = reader.get(reverse(name), headers={field: had[field]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])


def test_what_leaves_a_feed_is_a_change_to_whoever_asks_by_date(reader, public, market, clock):
    address, now = reverse("public-atom"), timezone.now()
    clock(now)
    had = reader.get(address)["Last-Modified"]
    archive.archive_announcements([market], user=None)
    # Within the same second, too.
    for later in (0, 1, 60):
        clock(now + dt.timedelta(seconds=later))
        answer = reader.get(address, headers={"If-Modified-Since": had})
        assert (answer.status_code, market.title in answer.content.decode()) == (200, False)


def test_only_the_list_is_framed_and_only_by_the_websites_of_the_town(reader, public, market):
    embedded, page = reader.get(reverse("public-embed")), reader.get(reverse("public-announcements"))
    assert "frame-ancestors https://www.saint-aubin.fr" in embedded["Content-Security-Policy"]
    assert re.findall(r"<h(\d)", embedded.content.decode())[0] == "1", "screen readers go by headings"
    assert "X-Frame-Options" not in embedded
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("text", ["nonsense", "https://a.example/path", "https://a.example; script-src *", "ftp://a"])
def test_a_website_is_named_by_its_origin(client_of_dora, text):
    refused = client_of_dora.post(reverse("outlets"), {"is_on": "on", "past_days": "1", "framed_by": text})
    assert refused.status_code == 422
    assert not PublicSettings.objects.exists()


@pytest.fixture
def client_of_dora(town, dora) -> Client:
    browser = Client(HTTP_ACCEPT_LANGUAGE="en")
    browser.force_login(dora)
    return browser


def test_an_administrator_switches_it_on(client_of_dora, reader, market):
    client_of_dora.post(reverse("outlets"), {"is_on": "on", "past_days": "10", "introduction": "Bienvenue"})
    assert "Bienvenue" in reader.get(reverse("public-announcements")).content.decode()
    assert json.loads(reader.get(reverse("public-json")).content)["items"]


def test_what_no_screen_shows_yet_or_ever_showed_is_not_there(reader, public, hall, playlist, announcement, alice):
    playlist.rules.update(first_date=timezone.localdate() + dt.timedelta(days=2))
    assert titles(reader) == []
    draft = services.save_announcement(None, user=alice, template="news", title="Brouillon")
    placements.place_announcement(draft, ends_at=timezone.now() - dt.timedelta(hours=1), user=alice)
    assert reader.get(reverse("public-announcement", args=[draft.pk])).status_code == 404
    assert "Brouillon" not in reader.get(reverse("public-announcements")).content.decode()


def test_an_event_that_is_over_leaves_the_feeds(reader, public, market):
    market.starts, market.ends = (timezone.now() - dt.timedelta(hours=hours) for hours in (3, 1))
    market.save()
    assert titles(reader) == []


@pytest.mark.parametrize("state", ["off", "later", "archived", "nowhere"])
def test_the_image_of_what_is_not_public_is_not_either(reader, public, market, square_item, state):
    market.picture = square_item
    market.save()
    address = reverse("public-image", args=[market.pk])
    assert reader.get(address).status_code == 200
    if state == "off":
        placements.take_off_screens([market], user=None)
    elif state == "archived":
        archive.archive_announcements([market], user=None)
    elif state == "later":
        placements.place_announcement(market, everywhere=True, starts_at=timezone.now() + dt.timedelta(1), user=None)
    else:
        placements.place_announcement(market, user=None)
    assert reader.get(address).status_code == 404


def permalinks(screen) -> list[str]:
    manifest = compile_manifest(load_inputs(screen)).manifest
    return [
        slide.content.announcement.permalink
        for slide in manifest.slides
        if isinstance(slide.content, content.AnnouncementContent) and slide.id != IDLE_SLIDE_ID
    ]


def test_slides_bear_the_address_of_their_public_page_while_there_is_one(reader, town, hall, market):
    assert permalinks(hall) == [""]
    Screen.objects.update(programme_due_at=None)
    chosen = PublicSettings(town=town, is_on=True)
    subscriptions.save_public_settings(chosen, user=None)
    assert Screen.objects.get(pk=hall.pk).programme_due_at is not None
    (address,) = permalinks(hall)
    assert reader.get(address.removeprefix(settings.PUBLIC_URL)).status_code == 200
    chosen.is_on = False
    subscriptions.save_public_settings(chosen, user=None)
    assert permalinks(hall) == [""]


def test_what_fills_a_playlist_by_its_category_is_there(reader, public, hall, playlist, alice):
    filling = services.save_announcement(None, user=alice, template="news", title="Judo", label="Sports")
    assert "Judo" not in titles(reader)
    Playlist.objects.filter(pk=playlist.pk).update(category="Sports")
    assert "Judo" in titles(reader)
    assert reader.get(reverse("public-announcement", args=[filling.pk])).status_code == 200


class TestLanguages:
    """A text is in the language of its reader where somebody has translated it."""

    @pytest.fixture
    def translated(self, public, market, alice):
        texts = [{"language": "en", "title": "Fair"}, {"language": "ar", "title": "سوق", "place": "الساحة"}]
        return services.save_announcement(market, user=alice, translations=texts, place="Halle")

    @pytest.mark.parametrize(
        ("accepted", "title"),
        [
            ("en-GB,fr;q=0.5", "Fair"), ("ar", "سوق"), ("de", "Marché <de Noël>"), ("fr,en", "Marché <de Noël>"),
            ("", "Marché <de Noël>"), ("*", "Marché <de Noël>"),
            ("de,en;q=0.1", "Fair"), (";;q=x,", "Marché <de Noël>"),
        ],
    )  # fmt: skip
    def test_of_feeds_and_pages_is_the_first_that_the_browser_names(self, translated, accepted, title):
        reader = Client(HTTP_ACCEPT_LANGUAGE=accepted)
        (item,) = reader.get(reverse("public-json")).json()["items"]
        assert (item["title"], item["content_text"]) == (title, "Place du Marché")
        for name in ("public-announcements", "public-embed"):
            assert title.replace("<", "&lt;").replace(">", "&gt;") in reader.get(reverse(name)).content.decode()

    def test_is_chosen_on_the_page_and_marked_with_its_direction(self, translated, reader):
        address = reverse("public-announcement", args=[translated.pk])
        assert [f"?lang={code}" in reader.get(address).content.decode() for code in ("fr", "en", "ar", "de")] == [
            True, True, True, False
        ]  # fmt: skip
        arabic = reader.get(f"{address}?lang=ar")
        assert '<article lang="ar" dir="rtl">' in arabic.content.decode()
        assert "الساحة" in arabic.content.decode()
        assert "Accept-Language" in arabic["Vary"]

    def test_is_offered_only_where_there_are_several(self, public, market, reader):
        assert "?lang=" not in reader.get(reverse("public-announcement", args=[market.pk])).content.decode()


def test_each_municipality_has_a_page_of_what_its_screens_show(reader, public, hall, quay, alice):
    """What is shared is on it where its screens show it; what belongs to another one is not."""
    villages = {}
    for name, screen in (("Lavau", hall), ("Rouilly", quay)):
        villages[name] = Municipality(name=name)
        town_branding.save_municipality(villages[name], logo=None, screens=[screen], user=None)
    for title, owner, places in (
        ("All", None, {"everywhere": True}),
        ("Shared in Rouilly", None, {"groups": [villages["Rouilly"].group]}),
        ("Lavau", villages["Lavau"], {"groups": [villages["Lavau"].group]}),
        ("Of Rouilly everywhere", villages["Rouilly"], {"everywhere": True}),
    ):
        row = services.save_announcement(None, user=None, title=title, municipality=owner)
        placements.place_announcement(row, **places, user=None)

    found = reader.get(reverse("public-json-of", args=["lavau"])).json()
    assert (found["title"], {each["title"] for each in found["items"]}) == ("Lavau", {"All", "Lavau"})
    page = reader.get(reverse("public-announcements-of", args=["lavau"])).content.decode()
    assert "Shared in Rouilly" not in page
    assert reverse("public-atom-of", args=["lavau"]) in page
    assert (
        reverse("public-announcements-of", args=["rouilly"])
        in reader.get(reverse("public-announcements")).content.decode()
    )
    assert reader.get(reverse("public-calendar-of", args=["lavau"])).status_code == 200
    assert reader.get(reverse("public-atom-of", args=["nowhere"])).status_code == 404
