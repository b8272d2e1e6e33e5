"""Permissions of the pages: which role may open which, by which methods."""

from __future__ import annotations

import json
import uuid

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from tests.support.page_addresses import page_addresses

from beffroi_server.accounts.models import Town
from beffroi_server.web import access

pytestmark = pytest.mark.django_db

STRANGER, USER, WRITER, EDITOR, OFFICER, TECHNICIAN, ADMINISTRATOR, DELETER, SWITCHER = range(9)
"""Who opens an address at the least: nobody signed in, any user, who writes, who publishes, who alerts …"""
ADDRESSES = {
    "sign-in": STRANGER, "sign-in-link": STRANGER, "emergency-code": STRANGER, "sign-out": STRANGER,
    "language": STRANGER,
    "outlets": ADMINISTRATOR, "webhook-add": ADMINISTRATOR, "webhook-delete": ADMINISTRATOR,
    "webhook-trial": ADMINISTRATOR, "public-announcements": STRANGER, "public-announcement": STRANGER,
    "public-announcements-of": STRANGER, "public-embed-of": STRANGER, "public-atom-of": STRANGER,
    "public-json-of": STRANGER, "public-calendar-of": STRANGER,
    "public-embed": STRANGER, "public-atom": STRANGER, "public-json": STRANGER, "public-calendar": STRANGER,
    "public-image": STRANGER, "cap-feed": STRANGER, "cap-message": STRANGER, "cap-certificate": STRANGER,
    "cap-settings": ADMINISTRATOR, "channels": ADMINISTRATOR, "channel-try": ADMINISTRATOR,
    "channel-switch": ADMINISTRATOR, "channel-delete": ADMINISTRATOR, "alert-channels": USER,
    "subscription-settings": ADMINISTRATOR, "subscribers-csv": ADMINISTRATOR, "subscriber-delete": ADMINISTRATOR,
    "subscribe": STRANGER, "subscription-confirm": STRANGER, "subscription": STRANGER, "subscription-data": STRANGER,
    "subscription-end": STRANGER, "public-alerts": STRANGER, "public-alert": STRANGER, "public-alerts-atom": STRANGER,
    "public-alerts-json": STRANGER, "browser": STRANGER, "browser-subscribe": STRANGER, "browser-data": STRANGER,
    "browser-end": STRANGER, "alert-worker": STRANGER, "alerts-manifest": STRANGER,
    "api-tokens": USER, "api-token-revoke": USER,
    "now": USER, "screens": USER, "account": USER, "screen": USER, "screen-week": USER, "programme": USER,
    "screen-screenshot": USER, "screen-problems": USER, "screen-choices": USER,
    "screen-expected": USER, "screen-capture-image": USER, "screen-capture-state": USER, "asset": USER, "alert": USER,
    "alert-dossier-pdf": USER, "alert-dossier-json": USER,
    "alert-receipts": USER, "alert-page": USER, "alert-restoration": USER, "announcement-page": USER, "thumbnail": USER,
    "plays": USER, "plays-csv": USER, "plays-log": USER, "plays-pdf": USER, "plays-verify": USER, "screen-day": USER,
    "announcements": WRITER, "announcement-new": WRITER, "announcement": WRITER, "archive": WRITER,
    "announcement-versions": WRITER, "version-restore": WRITER, "announcement-delete": DELETER,
    "announcement-archive": EDITOR, "announcement-restore": EDITOR, "undo": USER, "undo-list": USER,
    "announcements-bulk": EDITOR, "tags": EDITOR, "tag-delete": EDITOR, "announcement-tags": WRITER,
    "categories": EDITOR, "category": EDITOR, "category-delete": EDITOR, "upload-add": WRITER, "upload-state": WRITER,
    "entries-order": EDITOR, "entries-selected": EDITOR,
    "announcement-take-off": EDITOR, "announcement-put-back": EDITOR,
    "announcement-preview": WRITER, "media": WRITER, "media-item": WRITER, "media-delete": WRITER,
    "upload-dismiss": WRITER,
    "feeds": EDITOR, "feed": EDITOR, "feed-delete": EDITOR, "feed-refresh": EDITOR, "playlists": EDITOR,
    "playlist": EDITOR, "playlist-delete": EDITOR, "playlist-fill": EDITOR, "playlist-rename": EDITOR, "entry": EDITOR,
    "entry-add": EDITOR, "entry-move": EDITOR, "entry-remove": EDITOR, "rules": EDITOR, "rule": EDITOR,
    "rule-new": EDITOR, "rule-delete": EDITOR, "rule-sentence": EDITOR, "rule-shares": EDITOR,
    "placement-outlook": EDITOR, "placement-outlook-of": EDITOR, "calendars": EDITOR,
    "calendar-import": EDITOR, "calendar-delete": EDITOR, "screen-layout": EDITOR, "group-layout": EDITOR,
    "town-layout": EDITOR, "layout-image": EDITOR, "charter": EDITOR, "charter-rule": ADMINISTRATOR,
    "plan": WRITER, "planned": EDITOR, "planned-new": EDITOR, "planned-remove": EDITOR,
    "charter-rule-new": ADMINISTRATOR, "charter-rule-delete": ADMINISTRATOR,
    "alerts": OFFICER, "alert-choose": OFFICER, "alert-new": OFFICER, "alert-preview": OFFICER, "alert-end": OFFICER,
    "alert-extend": OFFICER, "alert-withdraw": OFFICER, "alert-drop": OFFICER, "alert-restart": OFFICER,
    "alert-correct": OFFICER, "planned-alerts": OFFICER, "planned-alert-new": OFFICER, "planned-alert": OFFICER,
    "planned-alert-skip": OFFICER, "planned-alert-postpone": OFFICER, "planned-alert-delete": OFFICER,
    "on-call": OFFICER, "on-call-members": OFFICER, "on-call-swap": OFFICER, "on-call-remove": OFFICER,
    "alert-proposal": OFFICER, "proposal-confirm": OFFICER, "proposal-alone": OFFICER,
    "alert-proposal-decline": OFFICER,
    "warnings": OFFICER, "cap-webhook": STRANGER,
    **dict.fromkeys(
        (
            "warning-sources", "warning-source-add", "warning-source", "warning-source-read", "warning-source-secret",
            "warning-source-delete",
        ),
        ADMINISTRATOR,
    ),
    "software": TECHNICIAN, "rollout-start": TECHNICIAN, "rollout-act": TECHNICIAN,
    "drills": USER, "drill": USER, "drill-start": OFFICER, "drill-settings": ADMINISTRATOR,
    "alert-take-off": OFFICER, "restoration-close": OFFICER, "scenarios": OFFICER, "scenario": OFFICER,
    "scenario-new": OFFICER, "scenario-delete": OFFICER,
    **dict.fromkeys(
        (
            "screen-test-card", "screen-trial-sound", "walk-tests", "walk-test", "walk-test-again", "walk-test-end",
            "walk-test-csv", "walk-test-note",
        ),
        TECHNICIAN,
    ),
    "screen-box-choose": TECHNICIAN, "cards": TECHNICIAN, "card-withdraw": TECHNICIAN,
    "screen-contacts": TECHNICIAN, "screen-contact-remove": TECHNICIAN,
    "screen-hours": TECHNICIAN, "screen-off": SWITCHER, "screen-on": SWITCHER,
    "screen-add": TECHNICIAN, "screen-edit": TECHNICIAN, "screen-enrolment": TECHNICIAN, "screen-identify": TECHNICIAN,
    "pair": TECHNICIAN, "pairing": TECHNICIAN, "pair-scanned": TECHNICIAN,
    "screen-restart": TECHNICIAN, "screen-revoke": TECHNICIAN, "screen-capture": TECHNICIAN,
    "screen-classes": TECHNICIAN, "screen-class": TECHNICIAN, "screen-class-add": TECHNICIAN, "groups": TECHNICIAN,
    "group": TECHNICIAN, "group-add": TECHNICIAN,
    "pulse": USER, "attention": USER, "attention-list": USER, "acknowledge": USER, "acknowledge-all": USER,
    "server-examine": TECHNICIAN,
    "notification-choice": USER,
    "notification-state": USER, "notification-test": USER, "webhook-secret": USER, "browser-add": USER,
    "browser-remove": USER,
    "town": ADMINISTRATOR, "users": ADMINISTRATOR, "user": ADMINISTRATOR, "user-add": ADMINISTRATOR,
    "user-link": ADMINISTRATOR, "user-emergency-code": ADMINISTRATOR, "audit": ADMINISTRATOR,
    "municipalities": ADMINISTRATOR, "municipality": ADMINISTRATOR, "municipality-add": ADMINISTRATOR,
    "municipality-choose": USER,
    "help": USER, "first-hour-hide": ADMINISTRATOR, "starter-set": OFFICER, "try-out-end": ADMINISTRATOR,
    "audit-csv": ADMINISTRATOR, "audit-log": ADMINISTRATOR,
}  # fmt: skip
"""Every address of the pages. A new one is entered here with who opens it, and docs/roles.md says it to people."""
ADDRESSES |= {
    **dict.fromkeys(
        (
            "sign-in-second-factor", "sign-in-passkey", "password-forgotten", "openid_connect_login",
            "openid_connect_callback",
        ),
        STRANGER,
    ),
    **dict.fromkeys(
        (
            "choose-password", "own-session-end", "second-factor", "second-factor-app", "second-factor-passkey",
            "second-factor-codes", "second-factor-remove",
        ),
        USER,
    ),
    "proposals": WRITER, "proposal-withdraw": WRITER, "proposal-approve": EDITOR, "proposal-decline": EDITOR,
    "user-sessions-end": ADMINISTRATOR, "user-second-factor-reset": ADMINISTRATOR,
}  # fmt: skip
OF_THE_TOWN = {"town-layout"}
"""Addresses of editors that one who is limited to some groups does not open."""
OPENED_BY = {
    "nobody": {STRANGER},
    "victor": {STRANGER, USER},
    "carla": {STRANGER, USER, WRITER},
    "sam": {STRANGER, USER, WRITER, EDITOR},
    "alice": {STRANGER, USER, WRITER, EDITOR},
    "paula": {STRANGER, USER, WRITER, EDITOR, DELETER, SWITCHER},
    "bob": {STRANGER, USER, WRITER, EDITOR, OFFICER, SWITCHER},
    "charlie": {STRANGER, USER, TECHNICIAN, SWITCHER},
    "dora": {STRANGER, USER, WRITER, EDITOR, OFFICER, TECHNICIAN, ADMINISTRATOR, DELETER, SWITCHER},
}
PAGES = {name for name in ADDRESSES if name in {
    "now", "screens", "account", "plays", "plays-verify", "help", "announcements", "announcement-new",
    "media", "feeds", "playlists", "rules",
    "attention", "notification-choice",
    "rule-new", "calendars", "alerts", "alert-choose", "alert-new", "scenarios", "scenario-new", "screen-add", "pair",
    "screen-classes", "screen-class-add", "groups", "group-add", "town",
    "warnings", "warning-sources", "warning-source-add",
    "municipalities", "municipality-add", "users", "user-add", "audit",
}}  # fmt: skip
"""Addresses that need nothing to exist."""


def test_every_address_has_an_entry():
    assert page_addresses().keys() == ADDRESSES.keys()


@pytest.mark.parametrize("who", sorted(OPENED_BY))
def test_each_role_reaches_its_addresses_and_no_other(request, monkeypatch, town, who):
    # Whoever is refused is refused before anything is drawn; that pages are drawn, other tests see.
    monkeypatch.setattr("django.template.backends.django.Template.render", lambda *_, **_options: "")
    reached = set()
    for name, address in page_addresses().items():
        browser = Client()
        if who != "nobody":
            browser.force_login(request.getfixturevalue(who))
        if not (is_refusal(browser.get(address)) and is_refusal(browser.post(address))):
            reached.add(name)
    beyond = OF_THE_TOWN if who == "sam" else set()
    assert reached == {name for name, least in ADDRESSES.items() if least in OPENED_BY[who]} - beyond


def is_refusal(answer) -> bool:
    """Tell whether an answer is that of a guard: another role, the sign-in page, or another method."""
    to_sign_in = answer.status_code == 302 and answer.url.startswith("/sign-in/?next=")
    return to_sign_in or answer.status_code in {403, 405}


@pytest.mark.parametrize("who", sorted(OPENED_BY.keys() - {"nobody"}))
def test_each_role_opens_its_pages(client, request, who):
    client.force_login(request.getfixturevalue(who))
    opened = {name for name in PAGES if client.get(reverse(name)).status_code == 200}
    assert opened == {name for name in PAGES if ADDRESSES[name] in OPENED_BY[who]}


def test_every_page_answers_head_as_health_checks_ask_it(client, dora):
    client.force_login(dora)
    answers = {name: client.head(reverse(name)) for name in PAGES}
    assert {name for name, answer in answers.items() if answer.status_code != 200 or answer.content} == set()
    assert Client().head(reverse("sign-in")).status_code == 200


def test_head_changes_nothing(client, dora, playlist):
    client.force_login(dora)
    for address in ("playlist-delete", "playlist"):
        client.head(reverse(address, args=[playlist.pk]))
    assert type(playlist).objects.filter(pk=playlist.pk).exists()


@pytest.mark.parametrize("who", sorted(OPENED_BY.keys() - {"nobody"}))
def test_the_menu_leads_only_to_pages_that_open(client, request, who):
    client.force_login(request.getfixturevalue(who))
    page = client.get("/").content.decode()
    linked = {name for name in PAGES if f'href="{reverse(name)}"' in page}
    assert linked
    assert {name for name in linked if ADDRESSES[name] not in OPENED_BY[who]} == set()


def test_what_is_refused_says_why_in_both_languages(client, charlie):
    client.force_login(charlie)
    english = client.get("/announcements/")
    french = client.get("/announcements/", headers={"accept-language": "fr"})
    assert "You do not have permission to open this page" in english.content.decode()
    assert "Vous n’avez pas accès à cette page" in french.content.decode()


class TestSignedOut:
    def test_a_page_leads_to_the_sign_in_and_back(self, client):
        assert client.get("/playlists/?search=x").url == "/sign-in/?next=/playlists/%3Fsearch%3Dx"

    def test_a_part_of_a_page_lets_the_whole_page_reload(self, client):
        answer = client.get("/", headers={"HX-Request": "true"})
        assert (answer.status_code, answer.headers["HX-Refresh"], answer.content) == (204, "true", b"")

    def test_a_locked_user_is_signed_out_at_once(self, client, alice):
        client.force_login(alice)
        alice.is_active = False
        alice.save()
        assert client.get("/announcements/").status_code == 302


class TestGuards:
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
    def test_other_methods_than_those_of_the_view_are_refused(self, as_dora, method):
        # Ending an alert is a POST only: a link or a crawler must never end one.
        assert as_dora.generic(method, reverse("alert-end", args=[uuid.UUID(int=1)])).status_code == 405

    @pytest.mark.parametrize("zone", ["Europe/Paris", "Pacific/Auckland", "UTC"])
    def test_a_view_runs_in_the_time_of_the_town(self, dora, town, zone):
        Town.objects.update(time_zone=zone)

        @access.for_users("GET")
        def view(request: access.UserRequest) -> HttpResponse:
            return HttpResponse(json.dumps(timezone.get_current_timezone_name()))

        request = RequestFactory().get("/")
        request.user = dora
        before = timezone.get_current_timezone_name()
        assert json.loads(view(request).content) == zone
        assert timezone.get_current_timezone_name() == before

    def test_without_a_town_there_is_a_name_to_show(self, db):
        assert access.current_town().name == "Beffroi"
        assert not Town.objects.exists()


def test_htmx_is_known_by_its_header():
    assert access.is_htmx(RequestFactory().get("/", headers={"HX-Request": "true"}))
    assert not access.is_htmx(RequestFactory().get("/"))
    assert not access.is_htmx(RequestFactory().get("/", headers={"HX-Request": "false"}))


def test_a_stranger_sees_no_menu(client: Client, town):
    page = client.get("/sign-in/").content.decode()
    assert 'id="menu"' not in page
    assert town.name in page
