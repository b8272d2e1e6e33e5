"""Queries that are made into SQL once."""

from __future__ import annotations

from threading import Thread, get_ident

import pytest
from django.db import connection
from django.db.models import Exists
from django.test.utils import CaptureQueriesContext

from beffroi_server.core.prepared_query import PreparedQuery
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup

pytestmark = pytest.mark.django_db
_LED = ScreenClass.objects.filter(name="Led wall")


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


def test_rows_beside_them_and_what_is_annotated_are_those_of_now(quay, led):
    screens = PreparedQuery(lambda: Screen.objects.select_related("screen_class").annotate(is_of=Exists(_LED)))
    assert [each.is_of for each in screens.rows()] == [False]

    ScreenClass.objects.filter(pk=quay.screen_class_id).update(name="Led wall")

    with CaptureQueriesContext(connection) as asked:
        (found,) = screens.rows()
        assert (found.name, found.screen_class.name, found.is_of) == (quay.name, "Led wall", True)
    assert len(asked) == 1


def test_a_statement_is_asked_with_other_parameters():
    for name in "abc":
        ScreenGroup.objects.create(slug=name, name=name)
    found = PreparedQuery(lambda: ScreenGroup.objects.filter(slug="").values_list("name", flat=True))
    assert (found.first(), found.first("b"), found.rows("c"), found.first("d")) == (None, "b", ["c"], None)
    with pytest.raises(ValueError, match="2 parameters for a statement with 1"):
        found.rows("a", "b")


def test_each_thread_asks_by_a_connection_of_its_own():
    groups = PreparedQuery(lambda: ScreenGroup.objects.order_by("pk"))
    groups.rows()
    used = []

    def ask() -> None:
        try:
            with connection.execute_wrapper(lambda execute, *given: used.append(get_ident()) or execute(*given)):
                groups.rows()
        finally:
            connection.close()

    thread = Thread(target=ask)
    thread.start()
    thread.join()
    assert used == [thread.ident]
