"""Values that no browser sends: every form answers with its page and a reason, never with a fault of the server."""

from __future__ import annotations

import itertools

import pytest
from django import forms
from django.test import Client
from django.urls import reverse

from beffroi_server.alerts.models import Scenario
from beffroi_server.schedule.models import Playlist
from beffroi_server.web.library.bulk_acts import BULK_ACTS

pytestmark = pytest.mark.django_db

FORMS = (
    "account", "town", "user-add", "announcement-new", "feeds", "playlists", "rule-new", "calendars",
    "alert-new", "scenario-new", "screen-add", "pair", "screen-class-add", "group-add", "sign-in", "emergency-code",
    "password-forgotten", "categories", "planned-new", "tags", "api-tokens", "outlets", "notification-choice",
    "charter-rule-new", "town-layout",
)  # fmt: skip
PARTS = {
    "announcements-bulk": "act do chosen all query tag label until everywhere screens groups starts_at ends_at",
    "announcement-preview": "title template picture more_pictures starts ends feed figure link body preview for",
    "rule-sentence": "playlist weekdays first_date last_date start_time end_time more_times extra_dates",
    "webhook-add": "name address events",
    "browser-add": "endpoint",
    "upload-add": "file for",
    "starter-set": "language",
    "second-factor-app": "code secret",
    "second-factor-passkey": "name answer credential",
    "sign-in-passkey": "answer credential",
    "sign-in-second-factor": "code answer credential",
    "choose-password": "new repeated",
    "alert-preview": "title level screens groups duration_min scenario",
    "language": "language next",
}
"""Addresses that take a form of another page, and its fields."""
VALUES = (
    "9" * 30,
    "-1",
    "1e999",
    "\0",
    "\u202e",
    "é" * 20_000,
    "٣",
    "9999-12-31T23:59",
    "0001-01-01",
    "[]",
    "on",
    "NaN",
)


def field_names(page: object) -> set[str]:
    """Return the names of all fields of the forms in the context of a page."""
    found: set[str] = set()
    for context in page.context or ():
        for values in context.dicts:
            for value in values.values():
                if isinstance(value, forms.BaseForm):
                    found |= {value.add_prefix(name) for name in value.fields}
    return found


@pytest.fixture
def browser(client, dora, keyring, hall, playlist) -> Client:
    client.force_login(dora)
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("name", FORMS)
def test_no_value_of_a_form_is_a_fault(browser, name):
    address = reverse(name)
    names = field_names(browser.get(address)) | {"form", "next", "language", "token", "preview"}
    faults = []
    # All fields at once, and each alone: the first that is refused may hide the others.
    tried = [(value, names) for value in VALUES] + [(VALUES[0], {each}) for each in sorted(names)]
    for value, chosen in tried:
        answer = browser.post(address, {each: [value, value] for each in chosen})
        faults += [(value[:20], sorted(chosen)[:3])] if answer.status_code >= 500 else []
    assert faults == []


@pytest.mark.parametrize("name", PARTS)
def test_no_value_of_a_part_of_a_page_is_a_fault(browser, announcement, name):
    names = [*PARTS[name].split(), "next"]
    faults = []
    for value in (*VALUES, str(announcement.pk), '{"endpoint": 1, "keys": []}', "null"):
        answer = browser.post(reverse(name), {each: [value, value] for each in names})
        faults += [value[:20]] if answer.status_code >= 500 else []
    assert faults == []


@pytest.mark.parametrize("act", BULK_ACTS)
def test_no_value_of_an_act_on_many_is_a_fault(browser, announcement, act):
    faults = []
    for value, step in itertools.product(VALUES, ("check", "do")):
        fields = {each: value for each in PARTS["announcements-bulk"].split() if each not in {"act", "do", "all"}}
        answer = browser.post(
            reverse("announcements-bulk"), fields | {"act": act, step: "1", "chosen": [announcement.pk, value]}
        )
        faults += [value[:20]] if answer.status_code >= 500 else []
    assert faults == []


@pytest.mark.parametrize("number", ["0", "99999999999999999999999", "00"])
@pytest.mark.parametrize(
    "path",
    [
        "/users/{}/",
        "/playlists/{}/",
        "/rules/{}/",
        "/groups/{}/",
        "/feeds/{}/",
        "/media/{}/",
        "/categories/{}/",
        "/charter/{}/",
        "/groups/{}/layout/",
        "/announcements/plan/{}/",
        "/images/{}/",
    ],
)
def test_no_number_in_an_address_is_a_fault(browser, path, number):
    assert browser.get(path.format(number)).status_code in {302, 404}


QUERIES = (
    "page=9" + "9" * 30,
    "page=-1",
    "page=x",
    "scenario=" + "9" * 30,
    "search=%00",
    "level=%00",
    "week=9999-99",
    "tag=%00",
    "sort=%00",
    "status=%00",
    "category=%00",
    "from=9999-12-31&until=0001-01-01",
    "first=9999-12-31",
    "copy=%00",
    "plan=" + "9" * 30,
    "day=0001-01-01",
    "month=9999-12",
)
PAGES = (
    "now",
    "screens",
    "announcements",
    "media",
    "playlists",
    "rules",
    "alerts",
    "alert-new",
    "audit",
    "announcement-new",
    "archive",
    "plan",
    "programme",
    "proposals",
    "plays",
    "plays-csv",
    "plays-pdf",
    "plays-log",
    "audit-csv",
    "audit-log",
    "attention",
    "charter",
    "layout-image",
    "help",
    "placement-outlook",
    "rule-shares",
)


@pytest.mark.parametrize("name", PAGES)
def test_no_query_is_a_fault(browser, name):
    assert [each for each in QUERIES if browser.get(f"{reverse(name)}?{each}").status_code >= 500] == []


def test_the_forms_have_rows_to_choose_from(browser):
    assert Playlist.objects.exists()
    assert not Scenario.objects.exists()
