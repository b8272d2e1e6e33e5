"""The address of a feed, by its kind."""

from __future__ import annotations

import pytest
from django.utils import translation

from beffroi_server.feeds.models import FeedKind
from beffroi_server.web.feeds.forms import FeedForm


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def form(kind: str, address: str) -> FeedForm:
    return FeedForm({"kind": kind, "name": "Médiathèque", "address": address})


@pytest.mark.parametrize(
    ("kind", "typed", "address"),
    [
        (FeedKind.CALENDAR, "https://x.fr/a.ics", "https://x.fr/a.ics"),
        (FeedKind.CALENDAR, "webcal://x.fr/a.ics", "https://x.fr/a.ics"),
        (FeedKind.CALENDAR, "  https://x.fr/a.ics ", "https://x.fr/a.ics"),
        (FeedKind.NEWS, "http://x.fr/rss?lang=fr", "http://x.fr/rss?lang=fr"),
        (FeedKind.TABLE, "https://x.fr/t.csv", "https://x.fr/t.csv"),
        (FeedKind.WEATHER, "anything", ""),
        (FeedKind.WEATHER, "", ""),
        (FeedKind.VIGILANCE, "44", "44"),
        (FeedKind.VIGILANCE, "2a", "2A"),
        (FeedKind.VIGILANCE, " 95 ", "95"),
    ],
)
def test_is_taken_as_its_kind_has_it(kind, typed, address):
    filled = form(kind, typed)
    assert filled.is_valid(), filled.errors
    assert filled.cleaned_data["address"] == address


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        (FeedKind.CALENDAR, "", "complete address"),
        (FeedKind.CALENDAR, "x.fr/a.ics", "complete address"),
        (FeedKind.NEWS, "ftp://x.fr/rss", "complete address"),
        (FeedKind.NEWS, "javascript:alert(1)", "complete address"),
        (FeedKind.TABLE, "file:///etc/passwd", "complete address"),
        (FeedKind.VIGILANCE, "", "number of a department"),
        (FeedKind.VIGILANCE, "96", "number of a department"),
        (FeedKind.VIGILANCE, "00", "number of a department"),
        (FeedKind.VIGILANCE, "Loire-Atlantique", "number of a department"),
    ],
)
def test_that_is_none_of_its_kind_is_refused(kind, typed, said):
    assert said in str(form(kind, typed).errors["address"])


def test_of_a_kind_that_there_is_not_is_not_looked_at():
    assert form("horoscope", "x").errors.keys() == {"kind"}
