"""Scope of users by groups: what they may aim at, in every service that reaches screens."""

from __future__ import annotations

import pytest

from beffroi_content.model import AlertLevel
from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import User, UserRole
from beffroi_server.alerts import services as alerts
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet import services as fleet
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.schedule import services as schedule
from beffroi_server.schedule.models import ScheduleRule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def harbour_officer(district) -> User:
    user = accounts.create_user("olga", UserRole.OFFICER, is_limited_to_groups=True)
    user.scope_groups.add(district)
    return user


def broadcast(user, targets):
    return alerts.broadcast_alert(
        level=AlertLevel.ALERT, title="Crue", source="Mairie", targets=targets, duration_min=60, user=user
    )


def test_who_is_not_limited_reaches_everything(alice, hall, quay):
    assert screen_scopes.is_in_scope(alice, EVERYWHERE)
    assert set(screen_scopes.screens_in_scope(alice)) == {hall, quay}


def test_who_is_limited_reaches_the_screens_of_the_groups_alone(sam, hall, quay, district):
    other = ScreenGroup.objects.create(slug="centre", name="Centre")
    assert list(screen_scopes.screens_in_scope(sam)) == [quay]
    assert list(screen_scopes.groups_in_scope(sam)) == [district]
    assert screen_scopes.is_in_scope(sam, Targets(groups=(district,), screens=(quay,)))
    for beyond in (EVERYWHERE, Targets(groups=(district, other)), Targets(screens=(quay, hall))):
        assert not screen_scopes.is_in_scope(sam, beyond)


def test_a_deleted_group_never_widens_a_scope(sam, hall, quay, district):
    district.delete()
    assert list(screen_scopes.screens_in_scope(User.objects.get(pk=sam.pk))) == []


def test_an_administrator_is_never_limited(dora, district, hall):
    dora.is_limited_to_groups = True
    dora.scope_groups.add(district)
    assert screen_scopes.is_in_scope(dora, EVERYWHERE)


class TestRules:
    def test_within_the_scope_are_saved(self, sam, quay, playlist, district):
        other = schedule.create_playlist("Harbour", user=sam)
        saved = schedule.save_rule(ScheduleRule(name="Quay", playlist=other), groups=[district], user=sam)
        assert list(screen_scopes.rows_in_scope(ScheduleRule.objects.all(), sam)) == [saved]

    def test_beyond_it_are_refused_and_nothing_is_stored(self, sam, hall, playlist):
        for values in ({"everywhere": True}, {}):
            rule = ScheduleRule(name="Too far", playlist=playlist, **values)
            with pytest.raises(NotPermitted, match="Harbour"):
                schedule.save_rule(rule, screens=[hall], user=sam)
        assert not ScheduleRule.objects.filter(name="Too far").exists()

    def test_of_others_cannot_be_drawn_into_it(self, sam, quay, playlist, district):
        rule = playlist.rules.get()
        rule.everywhere = False
        with pytest.raises(NotPermitted):
            schedule.save_rule(rule, groups=[district], user=sam)
        with pytest.raises(NotPermitted):
            schedule.delete_rule(playlist.rules.get(), user=sam)

    def test_bind_their_playlist(self, sam, playlist, announcement):
        with pytest.raises(NotPermitted):
            schedule.add_entry(playlist, announcement=announcement, user=sam)
        own = schedule.create_playlist("Not shown yet", user=sam)
        assert schedule.add_entry(own, announcement=announcement, user=sam).pk


class TestApproval:
    @pytest.fixture(autouse=True)
    def careful(self, district):
        district.needs_approval = True
        district.save()

    def test_is_needed_for_rules_of_editors_also_through_everywhere(self, alice, quay, playlist, district):
        for values in ({"groups": [district]}, {"screens": [quay]}):
            with pytest.raises(NotPermitted, match="approval"):
                schedule.save_rule(ScheduleRule(name="x", playlist=playlist), user=alice, **values)
        with pytest.raises(NotPermitted, match="approval"):
            schedule.save_rule(ScheduleRule(name="x", playlist=playlist, everywhere=True), user=alice)

    def test_is_not_needed_elsewhere_nor_for_who_may_approve(self, alice, paula, hall, quay, announcement, district):
        playlist = schedule.create_playlist("Hall", user=alice)
        assert schedule.save_rule(ScheduleRule(name="x", playlist=playlist), screens=[hall], user=alice).pk
        assert schedule.save_rule(ScheduleRule(name="y", playlist=playlist), groups=[district], user=paula).pk


class TestAlerts:
    def test_of_an_officer_with_a_scope_stay_within_it(self, harbour_officer, keyring, hall, quay, district):
        assert broadcast(harbour_officer, Targets(groups=(district,))).pk
        for beyond in (EVERYWHERE, Targets(screens=(hall,))):
            with pytest.raises(NotPermitted):
                broadcast(harbour_officer, beyond)

    def test_of_the_town_are_not_theirs_to_end(self, harbour_officer, bob, keyring, hall, quay):
        alert = broadcast(bob, EVERYWHERE)
        for act in (alerts.end_alert, alerts.withdraw_alert):
            with pytest.raises(NotPermitted):
                act(alert, user=harbour_officer)
        with pytest.raises(NotPermitted):
            alerts.extend_alert(alert, 10, user=harbour_officer)

    @pytest.mark.parametrize("who", ["victor", "carla", "alice", "paula", "charlie"])
    def test_are_not_for_other_roles_whatever_calls_the_service(self, request, who, keyring, quay):
        with pytest.raises(NotPermitted):
            broadcast(request.getfixturevalue(who), EVERYWHERE)


def test_a_technician_with_a_scope_changes_its_screens_alone(hall, quay, district, full_hd):
    user = accounts.create_user("tom", UserRole.TECHNICIAN, is_limited_to_groups=True)
    user.scope_groups.add(district)
    assert fleet.save_screen(quay, user=user).pk
    with pytest.raises(NotPermitted):
        fleet.save_screen(hall, user=user, groups=[district])
    with pytest.raises(NotPermitted):
        fleet.save_screen(Screen(slug="new", name="New", screen_class=full_hd), user=user)
    assert not Screen.objects.filter(slug="new").exists()
