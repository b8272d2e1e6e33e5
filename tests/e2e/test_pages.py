"""Every page, as a browser shows it: readable for everybody, on a desk and on a phone, by day and by night."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import get_resolver, resolve
from lxml import html
from playwright.sync_api import Browser, Page, Response, expect
from tests.support.browser import signed_in, violations
from tests.support.town_processes import TownProcesses

SIZES = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 740}}
VIEWS = [("desk", "light"), ("phone", "dark")]
"""Both sizes and both themes; every page in all four combinations would take minutes more and find nothing else."""
NOT_PAGES = {
    "plays-csv", "plays-log", "plays-pdf", "audit-csv", "audit-log", "alert-dossier-pdf", "alert-dossier-json",
    "screen-screenshot", "screen-expected", "screen-capture-image", "asset", "announcement-page", "alert-page",
    "alert-receipts", "api-openapi", "public-atom", "public-json", "public-calendar",
}  # fmt: skip
PAGES = """
    now programme attention notification-choice plan categories charter tags archive undo-list api-tokens api-document
    plays plays-verify screen-day help announcements announcement-new announcement
    media media-item feeds
    playlists playlist rules rule-new rule alert-choose alert-new alert alerts scenarios scenario-new scenario screens
    screen-add screen screen-edit screen-classes screen-class screen-class-add groups group-add group town users
    user-add user audit account
"""
BROADCAST = """
from beffroi_server.alerts.services import broadcast_alert
from beffroi_server.fleet.targets import EVERYWHERE
for status in ("actual", "exercise"):
    broadcast_alert(
        level="vigilance", status=status, title="Vent violent", source="Mairie", targets=EVERYWHERE, duration_min=60,
        user=None,
    )
"""


PLAYED = """
import datetime as dt
from zoneinfo import ZoneInfo
from django.utils import timezone
from beffroi_server.accounts.models import Town
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.play_models import PlayRecord
from beffroi_server.library.models import Announcement
from beffroi_server.monitoring.proof.daily_totals import count_new_plays
zone = ZoneInfo(Town.objects.get().time_zone)
at = timezone.localtime(timezone=zone).replace(hour=17, minute=50, second=0, microsecond=0) - dt.timedelta(days=1)
shown = Announcement.objects.create(title="Marché de Noël")
PlayRecord.objects.bulk_create(
    PlayRecord(screen=screen, number=1_000_000 + number, slide=f"announcement-{shown.pk}-1", clock="trusted",
               started_at=at + dt.timedelta(seconds=10 * number), lasted_ms=10_000, ended="time")
    for screen in Screen.objects.all() for number in range(120)
)
count_new_plays()
"""


@pytest.fixture(scope="module")
def session(clairbourg: TownProcesses, browser: Browser) -> dict[str, Any]:
    """Return the cookies of an administrator who works in French."""
    clairbourg.run_server_code(BROADCAST)
    context = browser.new_context(locale="fr-FR")
    signed_in(context.new_page(), clairbourg.sign_in_link())
    state: dict[str, Any] = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="module")
def addresses(clairbourg: TownProcesses, session: dict[str, Any], browser: Browser) -> dict[str, str]:
    """Return one address of every page that links lead to, by its name."""
    context = browser.new_context(storage_state=session, locale="fr-FR")
    found = {"now": f"{clairbourg.url}/", "sign-in": f"{clairbourg.url}/sign-in/"}
    waiting = deque(found.values())
    while waiting:
        answer = context.request.get(waiting.popleft())
        page = html.document_fromstring(answer.body(), base_url=answer.url)
        page.make_links_absolute()
        for address in page.xpath("//a[not(ancestor::template)]/@href"):
            name = _name(address, clairbourg.url)
            if name and name not in found and name not in NOT_PAGES:
                found[name] = address.partition("#")[0]
                waiting.append(found[name])
    context.close()
    return found


def _name(address: str, site: str) -> str | None:
    path = urlsplit(address).path
    return resolve(path).url_name if address.startswith(site) and "/static/" not in path else None


@pytest.fixture(params=VIEWS, ids="-".join)
def tabs(request: pytest.FixtureRequest, session: dict[str, Any], browser: Browser) -> Iterator[tuple[Page, Page]]:
    size, theme = request.param
    context = browser.new_context(
        storage_state=session, locale="fr-FR", viewport=SIZES[size], color_scheme=theme, reduced_motion="reduce"
    )
    yield context.new_page(), context.new_page()
    context.close()


def test_links_lead_to_every_page(addresses: dict[str, str]) -> None:
    names = set(PAGES.split())
    assert names - addresses.keys() == set()
    assert names <= {str(name) for name in get_resolver().reverse_dict if isinstance(name, str)}


def test_what_was_shown_yesterday_at_six_is_three_taps_away(
    clairbourg: TownProcesses, session: dict[str, Any], browser: Browser
) -> None:
    clairbourg.run_server_code(PLAYED)
    context = browser.new_context(storage_state=session, locale="fr-FR", viewport=SIZES["phone"])
    page = context.new_page()
    page.goto(clairbourg.url)
    slug = page.locator("[id^=screen-]").first.get_attribute("id").removeprefix("screen-")  # type: ignore[union-attr]
    for tap in (f"#day-{slug}", "#day-yesterday", "#hour-18"):
        page.locator(tap).click()
    expect(page.locator("section:has(#answer) .on-now")).to_contain_text("Marché de Noël")
    expect(page.locator("section:has(#answer) .caption")).to_contain_text("18:00:00")
    context.close()


def test_axe_finds_nothing_wrong_and_pages_fit_and_keep_their_policy(
    tabs: tuple[Page, Page], addresses: dict[str, str]
) -> None:
    wrong: list[str] = []
    for tab in tabs:
        tab.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: wrong.append(str(error)))
    pages = list(zip(addresses.items(), cycle(tabs), strict=False))

    def load(number: int) -> Response | None:
        (_name, address), tab = pages[number]
        return tab.goto(address)

    following = load(0)
    for number, ((name, _address), page) in enumerate(pages):
        answer = following
        # Its scripts work while this one is looked at.
        following = load(number + 1) if number + 1 < len(pages) else None
        assert answer is not None
        page.wait_for_load_state("networkidle")
        if answer.status != 200:
            wrong.append(f"{name}: {answer.status}")
        beyond = page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
        if beyond > 0:
            wrong.append(f"{name} is {beyond} pixels too wide")
        if page.locator("h1").count() != 1:
            wrong.append(f"{name} has not one heading")
        wrong += [f"{name}: {each}" for each in violations(page)]
    assert wrong == []
