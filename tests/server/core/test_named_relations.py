"""Rows that others name, read by one query whatever the relations."""

from __future__ import annotations

import pytest

from beffroi_server.core.named_relations import read_names
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.library.models import Announcement, Tag
from beffroi_server.schedule.models import AnnouncementPlacement

pytestmark = pytest.mark.django_db


def test_reads_relations_of_rows_of_several_kinds_by_one_query(
    announcement, hall, quay, district, django_assert_num_queries
):
    other = Announcement.objects.create(template="news", title="Market")
    late, early = (Tag.objects.create(name=name) for name in ("Été", "autumn"))
    announcement.tags.add(late, early)
    other.tags.add(early)
    placement = AnnouncementPlacement.objects.create(announcement=announcement)
    placement.groups.add(district)
    placement.screens.add(quay, hall)
    announcements = list(Announcement.objects.filter(pk__in=[announcement.pk, other.pk]))
    (placed,) = AnnouncementPlacement.objects.all()

    with django_assert_num_queries(1):
        read_names((announcements, "tags"), ([placed], "groups"), ([placed], "screens"))
    with django_assert_num_queries(0):
        found = {row.pk: [(tag.pk, tag.name) for tag in row.tags.all()] for row in announcements}
        assert found[announcement.pk] == [(early.pk, "autumn"), (late.pk, "Été")]
        assert found[other.pk] == [(early.pk, "autumn")]
        assert [(group.slug, str(group)) for group in placed.groups.all()] == [(district.slug, district.name)]
        assert [screen.slug for screen in placed.screens.all()] == ["quay", "hall"]
        read_names((announcements, "tags"), ([placed], "groups"), ([], "screens"))
        assert quay in placed.screens.all()
    # What was not read is asked for.
    assert {screen.place for screen in placed.screens.all()} == {hall.place, quay.place}


def test_rows_without_relations_have_none(announcement, quay, django_assert_num_queries):
    placement = AnnouncementPlacement.objects.create(announcement=announcement)
    with django_assert_num_queries(1):
        read_names(([placement], "groups"), ([placement], "screens"))
    with django_assert_num_queries(0):
        assert [*placement.groups.all(), *placement.screens.all()] == []
    # A filter is a question of its own, as after ``prefetch_related``.
    placement.screens.add(quay)
    assert isinstance(placement.screens.filter(slug="quay").get(), Screen)
    assert ScreenGroup.objects.filter(pk__in=placement.groups.all()).count() == 0


def test_a_relation_may_be_declared_on_the_other_side(sam, district, django_assert_num_queries):
    with django_assert_num_queries(1):
        read_names(([sam], "scope_groups"), ([sam], "scope_categories"))
    with django_assert_num_queries(0):
        assert [group.name for group in sam.scope_groups.all()] == [district.name]
        assert list(sam.scope_categories.all()) == []
