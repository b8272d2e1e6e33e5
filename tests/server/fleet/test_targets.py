"""Tests of reach: the screens of a target, the groups and scopes of a screen, the rows aimed at it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from beffroi_content.model.manifest import MAX_GROUPS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.fleet import services, targets
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.schedule.models import Playlist, ScheduleRule

pytestmark = pytest.mark.django_db


@pytest.fixture
def market(town, full_hd) -> ScreenGroup:
    """A group of two screens, of which one is on the quay, too."""
    return ScreenGroup.objects.create(slug="market", name="Market")


@pytest.fixture
def screens(hall: Screen, quay: Screen, market: ScreenGroup, full_hd) -> dict[str, Screen]:
    """The hall in no group, the quay in both, the square in the market group."""
    square = Screen.objects.create(slug="square", name="Square", screen_class=full_hd)
    square.groups.add(market)
    quay.groups.add(market)
    return {screen.slug: screen for screen in (hall, quay, square)}


def slugs(found) -> list[str]:
    return sorted(screen.slug for screen in found)


def make_rule(everywhere: bool = False, groups=(), screens=()) -> ScheduleRule:
    playlist, _created = Playlist.objects.get_or_create(name="Any")
    rule = ScheduleRule.objects.create(name="Rule", playlist=playlist, everywhere=everywhere)
    rule.groups.set(groups)
    rule.screens.set(screens)
    return rule


@pytest.fixture
def aimed(screens, district, market) -> dict[str, tuple[Targets, list[str]]]:
    """Targets with the screens that they must reach."""
    return {
        "everywhere": (EVERYWHERE, ["hall", "quay", "square"]),
        "nobody": (Targets(), []),
        "a screen": (Targets(screens=(screens["hall"],)), ["hall"]),
        "a group": (Targets(groups=(district,)), ["quay"]),
        "two groups": (Targets(groups=(district, market)), ["quay", "square"]),
        "a group and a member": (Targets(groups=(market,), screens=(screens["quay"],)), ["quay", "square"]),
        "a group and another": (Targets(groups=(district,), screens=(screens["hall"],)), ["hall", "quay"]),
        "all, whatever else": (Targets(True, (district,), (screens["hall"],)), ["hall", "quay", "square"]),
    }


CASES = (
    "everywhere", "nobody", "a screen", "a group", "two groups", "a group and a member", "a group and another",
    "all, whatever else",
)  # fmt: skip


class TestReach:
    @pytest.mark.parametrize("case", CASES)
    def test_holds_each_screen_once(self, aimed, case):
        given, expected = aimed[case]

        assert slugs(given.reached_screens()) == expected

    @pytest.mark.parametrize("case", CASES)
    def test_of_a_saved_row_is_that_of_its_targets(self, aimed, case):
        given, expected = aimed[case]
        rule = make_rule(given.everywhere, given.groups, given.screens)

        assert slugs(Targets.of(rule).reached_screens()) == expected

    @pytest.mark.parametrize("case", CASES)
    def test_of_rows_is_the_union(self, aimed, case, screens):
        given, expected = aimed[case]
        make_rule(given.everywhere, given.groups, given.screens)
        make_rule(screens=[screens["hall"]])

        assert slugs(targets.screens_reached_by(ScheduleRule.objects.all())) == sorted({*expected, "hall"})

    def test_of_no_rows_is_nobody(self, screens):
        assert slugs(targets.screens_reached_by(ScheduleRule.objects.none())) == []

    @pytest.mark.parametrize("case", CASES)
    def test_by_row_agrees(self, aimed, case):
        given, expected = aimed[case]
        rule = make_rule(given.everywhere, given.groups, given.screens)

        (reached,) = targets.reach_by_row([rule]).values()

        assert slugs(Screen.objects.filter(pk__in=reached)) == expected

    def test_by_row_takes_one_query_for_many_rows(self, screens, district, market, django_assert_num_queries):
        for _ in range(5):
            make_rule(groups=[district, market])
        rules = list(ScheduleRule.objects.prefetch_related("groups", "screens"))

        with django_assert_num_queries(1):
            found = targets.reach_by_row(rules)

        assert len(found) == 5

    @pytest.mark.parametrize("case", CASES)
    def test_and_its_reverse_agree(self, aimed, case, screens):
        given, expected = aimed[case]
        make_rule(given.everywhere, given.groups, given.screens)

        for slug, screen in screens.items():
            found = list(targets.rows_aimed_at(ScheduleRule.objects.all(), screen))
            assert len(found) == (slug in expected)

    def test_of_an_empty_group_is_nobody(self, screens):
        empty = ScreenGroup.objects.create(slug="empty", name="Empty")

        assert slugs(Targets(groups=(empty,)).reached_screens()) == []

    def test_costs_no_query_where_relations_were_prefetched(self, screens, district, django_assert_num_queries):
        make_rule(groups=[district])
        (rule,) = ScheduleRule.objects.prefetch_related("groups", "screens")

        with django_assert_num_queries(0):
            assert Targets.of(rule).groups == (district,)


class TestTargets:
    @pytest.mark.parametrize(("case", "expected"), [(case, case != "nobody") for case in CASES])
    def test_are_true_where_something_is_chosen(self, aimed, case, expected):
        assert bool(aimed[case][0]) is expected

    def test_have_a_scope_for_each_group_and_screen(self, screens, district, market):
        chosen = Targets(groups=(market, district), screens=(screens["hall"],))

        assert [str(scope) for scope in chosen.scopes] == ["g-harbour", "g-market", "s-hall"]

    def test_everywhere_has_the_scope_of_all(self):
        assert EVERYWHERE.scopes == (TopicScope.all_screens(),)

    def test_nobody_has_no_scope(self):
        assert Targets().scopes == ()


class TestScreen:
    def test_listens_to_all_to_its_groups_and_to_itself(self, screens):
        assert [str(scope) for scope in targets.scopes_of(screens["quay"])] == [
            "all", "g-harbour", "g-market", "s-quay",
        ]  # fmt: skip
        assert [str(scope) for scope in targets.scopes_of(screens["hall"])] == ["all", "s-hall"]

    def test_has_its_groups_in_order_without_a_query_if_prefetched(self, screens, django_assert_num_queries):
        (quay,) = Screen.objects.filter(slug="quay").prefetch_related("groups")

        with django_assert_num_queries(0):
            assert targets.group_slugs_of(quay) == ("harbour", "market")


class TestGroupLimit:
    @pytest.fixture
    def groups(self, screens) -> list[ScreenGroup]:
        return [ScreenGroup.objects.create(slug=f"g{n}", name=f"Group {n}") for n in range(MAX_GROUPS + 1)]

    def test_as_many_groups_as_a_manifest_names(self, screens, groups):
        services.save_screen(screens["hall"], user=None, groups=groups[:MAX_GROUPS])

        assert screens["hall"].groups.count() == MAX_GROUPS

    def test_one_more_is_refused_and_changes_nothing(self, screens, groups):
        with pytest.raises(ValidationError, match="Town hall"):
            services.save_screen(screens["hall"], user=None, groups=groups)

        assert screens["hall"].groups.count() == 0

    def test_a_group_takes_no_member_that_is_in_too_many(self, screens, groups):
        screens["hall"].groups.set(groups[:MAX_GROUPS])

        with pytest.raises(ValidationError, match="Town hall"):
            services.save_group(groups[-1], user=None, screens=[screens["hall"], screens["square"]])

        assert groups[-1].screens.count() == 0

    def test_a_group_is_saved_again_though_its_members_are_in_as_many_as_they_may(self, screens, groups):
        screens["hall"].groups.set(groups[:MAX_GROUPS])

        services.save_group(groups[0], user=None, screens=[screens["hall"]])

        assert slugs(groups[0].screens.all()) == ["hall"]

    def test_the_form_of_a_screen_says_so(self, client, charlie, screens, groups):
        client.force_login(charlie)
        hall = screens["hall"]
        values = {"name": hall.name, "place": "", "screen_class": hall.screen_class_id, "rotation": 0}

        page = client.post(f"/screens/{hall.slug}/edit/", values | {"groups": [group.pk for group in groups]})

        assert page.status_code == 422
        assert hall.groups.count() == 0

    def test_the_form_of_a_group_says_so(self, client, charlie, screens, groups):
        client.force_login(charlie)
        screens["hall"].groups.set(groups[:MAX_GROUPS])

        page = client.post(f"/groups/{groups[-1].pk}/", {"name": "One more", "screens": [screens["hall"].pk]})

        assert page.status_code == 422
        assert groups[-1].screens.count() == 0
