"""Values that no browser sends: every form answers with its page and a reason, never with a fault of the server."""

from __future__ import annotations

import pytest
from django import forms
from django.test import Client
from django.urls import reverse

from beffroi_server.alerts.models import Scenario
from beffroi_server.schedule.models import Playlist

pytestmark = pytest.mark.django_db

FORMS = (
    "account", "town", "user-add", "announcement-new", "feeds", "playlists", "rule-new", "calendars",
    "alert-new", "scenario-new", "screen-add", "screen-class-add", "group-add", "sign-in", "emergency-code",
    "password-forgotten",
)  # fmt: skip
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


@pytest.mark.parametrize("number", ["0", "99999999999999999999999", "00"])
@pytest.mark.parametrize(
    "path", ["/users/{}/", "/playlists/{}/", "/rules/{}/", "/groups/{}/", "/feeds/{}/", "/media/{}/"]
)
def test_no_number_in_an_address_is_a_fault(browser, path, number):
    assert browser.get(path.format(number)).status_code in {302, 404}


@pytest.mark.parametrize(
    "query",
    ["page=9" + "9" * 30, "page=-1", "page=x", "scenario=" + "9" * 30, "search=%00", "level=%00", "week=9999-99"],
)
@pytest.mark.parametrize(
    "name", ["now", "screens", "announcements", "media", "playlists", "rules", "alerts", "alert-new", "audit"]
)
def test_no_query_is_a_fault(browser, name, query):
    assert browser.get(f"{reverse(name)}?{query}").status_code < 500


def test_the_forms_have_rows_to_choose_from(browser):
    assert Playlist.objects.exists()
    assert not Scenario.objects.exists()
