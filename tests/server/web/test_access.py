"""Permissions of the pages: which role may open which, by which methods."""

from __future__ import annotations

import json
import uuid

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from beffroi_server.accounts.models import Town
from beffroi_server.web import access

pytestmark = pytest.mark.django_db

EVERYBODY = {"alice", "bob", "charlie", "dora"}
EDITORS, OFFICERS, TECHNICIANS, ADMINISTRATORS = (
    {"alice", "bob", "dora"},
    {"bob", "dora"},
    {"charlie", "dora"},
    {"dora"},
)
PAGES = {
    "now": EVERYBODY, "screens": EVERYBODY, "account": EVERYBODY,
    "announcements": EDITORS, "announcement-new": EDITORS, "media": EDITORS, "feeds": EDITORS, "playlists": EDITORS,
    "rules": EDITORS, "rule-new": EDITORS, "calendars": EDITORS,
    "alerts": OFFICERS, "alert-choose": OFFICERS, "alert-new": OFFICERS, "scenarios": OFFICERS,
    "scenario-new": OFFICERS,
    "screen-add": TECHNICIANS, "screen-classes": TECHNICIANS, "screen-class-add": TECHNICIANS, "groups": TECHNICIANS,
    "group-add": TECHNICIANS,
    "town": ADMINISTRATORS, "users": ADMINISTRATORS, "user-add": ADMINISTRATORS, "audit": ADMINISTRATORS,
}  # fmt: skip


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_each_role_opens_its_pages_and_no_other(client, request, who):
    client.force_login(request.getfixturevalue(who))
    opened = {name for name in PAGES if client.get(reverse(name)).status_code == 200}
    assert opened == {name for name, roles in PAGES.items() if who in roles}


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


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_the_menu_leads_only_to_pages_that_open(client, request, who):
    client.force_login(request.getfixturevalue(who))
    page = client.get("/").content.decode()
    linked = {name for name in PAGES if f'href="{reverse(name)}"' in page}
    assert linked
    assert {name for name in linked if who not in PAGES[name]} == set()


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
