"""Queries that are made into SQL once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from beffroi_server.core.prepared_query import PreparedQuery
from beffroi_server.fleet.models import ScreenGroup

pytestmark = pytest.mark.django_db


def test_the_rows_are_those_of_now_whole_and_in_order():
    made = []
    groups = PreparedQuery(lambda: made.append(1) or ScreenGroup.objects.filter(name__gte="b").order_by("-name"))
    assert groups.rows() == []
    for name in "abc":
        ScreenGroup.objects.create(slug=name, name=name)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert [(each.slug, each.name) for each in groups.rows()] == [("c", "c"), ("b", "b")]
    assert len(asked) == len(made) == 1
