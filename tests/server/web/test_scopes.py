"""Scope of users on the pages: what lists and forms offer."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.support.page_addresses import page_addresses

from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.models import User, UserRole
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.play_models import DailyPlays, ScreenDay
from beffroi_server.schedule import services as schedule
from beffroi_server.schedule.models import ScheduleRule

pytestmark = pytest.mark.django_db


class TestForms:
    def test_offer_what_is_in_the_scope(self, client, sam, hall, quay, district):
        ScreenGroup.objects.create(slug="centre", name="Centre")
        client.force_login(sam)
        form = client.get(reverse("rule-new")).context["form"]
        assert list(form.fields["groups"].queryset) == [district]
        assert list(form.fields["screens"].queryset) == [quay]
        assert form.fields["everywhere"].disabled

    def test_take_nothing_else(self, client, sam, hall, quay):
        playlist = schedule.create_playlist("Harbour", user=sam)
        client.force_login(sam)
        values = {"playlist": playlist.pk, "everywhere": "on", "screens": [hall.pk], "weekdays": ["1"]}
        assert client.post(reverse("rule-new"), values).status_code == 422
        assert not ScheduleRule.objects.exists()

    def test_lists_hold_the_screens_and_rules_of_the_scope(self, client, sam, hall, quay, playlist):
        client.force_login(sam)
        assert [row[0].screen for row in client.get("/screens/").context["rows"]] == [quay]
        assert client.get(reverse("rules")).context["rows"] == []
        assert list(client.get("/playlists/").context["page"]) == []
        assert client.get(f"/playlists/{playlist.pk}/").status_code == 403


OF_A_SCREEN = {name: address for name, address in page_addresses().items() if "/screens/x/" in address}


@pytest.fixture(params=[UserRole.VIEWER, UserRole.EDITOR, UserRole.OFFICER, UserRole.TECHNICIAN])
def limited(request, district) -> User:
    """Somebody who is limited to the harbour, in each of the roles."""
    user = accounts.create_user("louise", request.param, password="louise", is_limited_to_groups=True)
    user.scope_groups.add(district)
    return user


class TestPagesOfAScreen:
    def test_beyond_the_scope_are_as_if_it_did_not_exist(self, client, limited, hall, quay):
        client.force_login(limited)
        assert len(OF_A_SCREEN) > 15
        for name, address in OF_A_SCREEN.items():
            if name == "screen-week":  # it leads on to the calendar, which is limited itself
                continue
            ours, theirs, nobodys = (address.replace("/x/", f"/{slug}/") for slug in ("quay", "hall", "nowhere"))
            for method in (client.get, client.post):
                assert method(theirs).status_code == method(nobodys).status_code, name
            assert client.get(theirs).status_code in {403, 404, 405}, name
            if name in {"screen", "screen-day", "screen-problems"}:
                assert client.get(ours).status_code == 200

    def test_the_calendar_shows_the_screens_of_the_scope(self, client, limited, hall, quay):
        client.force_login(limited)
        page = client.get(reverse("programme"), {"of": "s-hall"})
        assert 'value="s-hall"' not in page.content.decode()
        assert page.context["chosen"] == "s-quay"


def shown(screen: Screen, key: str, times: int) -> None:
    now = timezone.now()
    counted = {
        "day": timezone.localdate(), "times": times, "confirmed": 0, "lasted_ms": 1000, "first_at": now, "last_at": now,
    }  # fmt: skip
    DailyPlays.objects.create(screen=screen, content=key, **counted)
    ScreenDay.objects.create(screen=screen, **counted)


class TestProof:
    def test_is_that_of_the_screens_within_the_scope_for_every_role(self, client, limited, hall, quay):
        shown(hall, "media-1", 5)
        shown(quay, "media-1", 3)
        client.force_login(limited)
        today = timezone.localdate().isoformat()
        for where in ("", "screen:hall", "group:elsewhere"):
            page = client.get(reverse("plays"), {"from": today, "until": today, "where": where})
            assert page.context["total"]["shown"] == 3
            assert "screen:quay" in page.context["screen_options"]
            assert "screen:hall" not in page.context["screen_options"]
        lines = b"".join(client.get(reverse("plays-csv"), {"from": today, "until": today}).streaming_content)
        assert b"Quay" in lines
        assert b"Town hall" not in lines
        answer = client.get(f"/api/v1/plays?first={today}&last={today}").json()
        assert [row["shown"] for row in answer["items"]] == [3]
        assert client.get(f"/api/v1/plays?first={today}&last={today}&screen=hall").status_code == 404
