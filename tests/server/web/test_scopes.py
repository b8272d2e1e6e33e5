"""Scope of users on the pages: what lists and forms offer."""

from __future__ import annotations

import pytest
from django.urls import reverse

from beffroi_server.fleet.models import ScreenGroup
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
