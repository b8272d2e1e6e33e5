"""What holds of every page."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.support.page_addresses import page_addresses

pytestmark = pytest.mark.django_db
FOR_STRANGERS = {
    "sign-in", "sign-in-link", "emergency-code", "language", "health", "sign-in-second-factor", "sign-in-passkey",
    "password-forgotten", "openid_connect_login", "openid_connect_callback",
    "public-announcements-of", "public-embed-of", "public-atom-of", "public-json-of", "public-calendar-of",
    "public-announcements", "public-announcement", "public-embed", "public-atom", "public-json", "public-calendar",
    "public-image", "cap-feed", "cap-message", "cap-certificate", "subscribe", "subscription", "subscription-confirm",
    "subscription-data", "subscription-end", "public-alerts", "public-alert", "public-alerts-atom",
    "public-alerts-json", "browser", "browser-subscribe", "browser-data", "browser-end", "alert-worker",
    "alerts-manifest",
}  # fmt: skip
"""Pages that open without a person."""


PAGES = page_addresses()


@pytest.mark.parametrize("name", sorted(PAGES.keys() - FOR_STRANGERS))
def test_is_for_people_who_are_signed_in(client, town, name):
    answers = [client.get(PAGES[name]), client.post(PAGES[name])]
    allowed = [answer for answer in answers if answer.status_code != 405]
    assert allowed
    for answer in allowed:
        assert answer.status_code in {302, 401, 403}
        assert answer.status_code != 302 or answer.url.startswith("/sign-in/")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_takes_no_form_from_elsewhere(alice, town, name):
    stranger = Client(enforce_csrf_checks=True)
    stranger.force_login(alice)
    # The webhook of warnings knows its callers by their secret alone: it has no session that could be used.
    refused = {401} if name == "cap-webhook" else {403, 405}
    # What the public writes has no session either, and is off here.
    refused |= {404} if name in FOR_STRANGERS else set()
    assert stranger.post(PAGES[name], {"name": "x"}).status_code in refused


@pytest.mark.parametrize("name", sorted(PAGES))
def test_says_what_a_browser_may_load(client, alice, town, name):
    client.force_login(alice)
    answer = client.get(PAGES[name])
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy or "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("language", "said"), [("fr", "Page introuvable"), ("en", "Page not found"), ("de", "Page introuvable")]
)
def test_an_address_without_a_page_says_so_in_the_language_of_the_reader(client, alice, town, language, said):
    client.force_login(alice)
    answer = client.get("/nothing/", headers={"accept-language": language})
    assert answer.status_code == 404
    assert said in answer.content.decode()
