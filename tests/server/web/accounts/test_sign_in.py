"""Where the sign-in leads, and what the language of the pages is."""

from __future__ import annotations

import pytest
from django.test import Client

from beffroi_server.accounts.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("following", "leads_to"),
    [
        ("/playlists/", "/playlists/"),
        ("/playlists/?search=a&page=2", "/playlists/?search=a&page=2"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("\\\\evil.example", "/"),
        ("https:///evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http://testserver/playlists/", "http://testserver/playlists/"),
        ("http://testserver.evil.example/", "/"),
        (" //evil.example", "/"),
        ("playlists", "/"),
        ("now", "/"),
        ("/playlists/\r\nSet-Cookie: a=b", "/playlists/%0D%0ASet-Cookie:%20a=b"),
    ],
)
def test_signing_in_leads_to_our_own_pages_only(client, alice, following, leads_to):
    values = {"username": "alice", "password": "alice", "next": following}
    assert client.post("/sign-in/", values).headers["Location"] == leads_to


@pytest.mark.parametrize("following", ["https://evil.example/", "//evil.example/"])
def test_the_form_does_not_carry_a_foreign_address(client, following):
    page = client.get("/sign-in/", {"next": following}).content.decode()
    assert 'name="next" value="/"' in page
    assert f'value="{following}"' not in page


def test_who_is_signed_in_goes_on_at_once(as_alice):
    assert as_alice.get("/sign-in/?next=/playlists/").headers["Location"] == "/playlists/"


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"username": "alice", "password": "wrong"}, 422),
        ({"username": "nobody", "password": "alice"}, 422),
        ({"username": "alice"}, 422),
        ({}, 200),
        ({"username": "a" * 200, "password": "x"}, 422),
        ({"username": "alice", "password": "alice"}, 302),
    ],
)
def test_signing_in_needs_name_and_password(client, alice, values, status):
    assert client.post("/sign-in/", values).status_code == status


def test_an_unknown_name_and_a_wrong_password_look_the_same(client, alice):
    answers = [client.post("/sign-in/", {"username": name, "password": "wrong"}) for name in ("alice", "nobody")]
    first, second = (answer.content.decode().replace("nobody", "alice") for answer in answers)
    tokens = [answer.context["csrf_token"] for answer in answers]
    assert first.replace(str(tokens[0]), "") == second.replace(str(tokens[1]), "")


@pytest.mark.parametrize(
    ("chosen", "heading"),
    [("fr", "Se connecter"), ("en", "Sign in"), ("de", "Sign in"), ("", "Sign in"), ("../..", "Sign in")],
)
def test_the_language_is_one_of_ours_and_stays_on_the_device(client, chosen, heading):
    client.post("/language/", {"language": chosen, "next": "/sign-in/"})
    assert heading in client.get("/sign-in/").content.decode()


@pytest.mark.parametrize("following", ["abc", "now", "\0", "http", "//evil.example", "/" * 3000])
def test_the_language_leads_to_a_page_wherever_it_is_sent_to(client, following):
    assert client.post("/language/", {"language": "fr", "next": following}).status_code == 302


def test_the_language_is_changed_by_a_form_only(client):
    assert client.get("/language/").status_code == 405


def test_signing_out_needs_a_form_too(as_alice):
    assert as_alice.get("/sign-out/").status_code == 405
    assert as_alice.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert as_alice.get("/playlists/").status_code == 302


class TestAuditTrail:
    @pytest.fixture(autouse=True)
    def events(self, as_dora, as_alice, alice, dora):
        """Two users have each created a playlist, and one of them a group."""
        browser = Client(HTTP_ACCEPT_LANGUAGE="en")
        for user in (alice, dora):
            browser.force_login(user)
            browser.post("/playlists/", {"name": f"Playlist of {user.username}"})
        browser.post("/groups/add/", {"name": "Schools"})
        self.browser = browser

    def rows(self, **filters: str) -> list[tuple[str, str]]:
        page = self.browser.get("/audit/", filters)
        return [(event.actor, event.action) for event, *_ in page.context["rows"]]

    @pytest.mark.parametrize(
        ("filters", "rows"),
        [
            ({"actor": "alice"}, [("alice", "playlist-created")]),
            ({"action": "group-created"}, [("dora", "group-created")]),
            ({"actor": "alice", "action": "group-created"}, []),
            ({"actor": "nobody"}, []),
            ({"action": "' or 1=1 --"}, []),
        ],
    )
    def test_is_filtered_by_user_and_action(self, filters, rows):
        assert self.rows(**filters) == rows

    def test_has_the_newest_first(self):
        assert self.rows()[0] == ("dora", "group-created")
        assert len(self.rows()) == AuditEvent.objects.count()

    def test_offers_each_action_once_sorted_by_its_text(self):
        texts = [text for _, text in self.browser.get("/audit/").context["actions"]]
        assert texts == sorted(texts, key=str.lower)
        assert len(texts) == len(set(texts))
