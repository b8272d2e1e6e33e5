"""The address of a feed, by its kind."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import example, given, settings
from hypothesis import strategies as some

from beffroi_server.feeds.models import FeedKind
from beffroi_server.web.feeds.forms import FeedForm

# A name that is taken is refused, too.
pytestmark = pytest.mark.django_db


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
        (FeedKind.CALENDAR, "webcals://x.fr/a.ics", "https://x.fr/a.ics"),
        (FeedKind.CALENDAR, "Webcal://x.fr/a.ics", "https://x.fr/a.ics"),
        (FeedKind.CALENDAR, "webcal:x.fr/a.ics", "https://x.fr/a.ics"),
        (FeedKind.CALENDAR, "x.fr/a.ics", "https://x.fr/a.ics"),
        (FeedKind.CALENDAR, "//x.fr/a.ics", "https://x.fr/a.ics"),
        (FeedKind.CALENDAR, "x.fr:8080/a.ics", "https://x.fr:8080/a.ics"),
        (FeedKind.CALENDAR, "<https://x.fr/a.ics>", "https://x.fr/a.ics"),
        (FeedKind.CALENDAR, "HTTPS://x.fr/A.ics", "https://x.fr/A.ics"),
        (FeedKind.NEWS, "feed://x.fr/rss", "https://x.fr/rss"),
        (FeedKind.NEWS, "feed:https://x.fr/rss", "https://x.fr/rss"),
        (FeedKind.NEWS, "HTTP://x.fr/rss", "http://x.fr/rss"),
        (FeedKind.NEWS, "http://x.fr/rss?lang=fr", "http://x.fr/rss?lang=fr"),
        (FeedKind.TABLE, "https://x.fr/t.csv", "https://x.fr/t.csv"),
        (FeedKind.WEATHER, "anything", ""),
        (FeedKind.WEATHER, "", ""),
        (FeedKind.VIGILANCE, "44", "44"),
        (FeedKind.VIGILANCE, "2a", "2A"),
        (FeedKind.VIGILANCE, " 95 ", "95"),
        (FeedKind.VIGILANCE, "1", "01"),
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
        (FeedKind.CALENDAR, "agenda", "complete address"),
        (FeedKind.CALENDAR, "webcal://", "complete address"),
        (FeedKind.CALENDAR, "x.fr/" + "a" * 492, "500 characters"),
        (FeedKind.NEWS, "ftp://x.fr/rss", "complete address"),
        (FeedKind.NEWS, "javascript:alert(1)", "complete address"),
        (FeedKind.TABLE, "file:///etc/passwd", "complete address"),
        (FeedKind.VIGILANCE, "", "number of a department"),
        (FeedKind.VIGILANCE, "96", "number of a department"),
        (FeedKind.VIGILANCE, "2910", "number of a department"),
        (FeedKind.VIGILANCE, "20", "2A or 2B"),
        (FeedKind.VIGILANCE, "974", "overseas"),
        (FeedKind.VIGILANCE, "00", "number of a department"),
        (FeedKind.VIGILANCE, "Loire-Atlantique", "number of a department"),
    ],
)
def test_that_is_none_of_its_kind_is_refused(kind, typed, said):
    assert said in str(form(kind, typed).errors["address"])


def test_of_a_kind_that_there_is_not_is_not_looked_at():
    assert form("horoscope", "x").errors.keys() == {"kind"}


@pytest.mark.django_db
@settings(max_examples=150, deadline=None)
@given(
    kind=some.sampled_from(FeedKind),
    address=some.text(max_size=40)
    | some.from_regex(r"(?i)(webcals?|feed|https?|file|x):/{0,3}[\w\[\]@:%./?#-]{0,30}", fullmatch=True),
)
@example(kind=FeedKind.CALENDAR, address="http://[::1")
@example(kind=FeedKind.CALENDAR, address="feed:" * 100)
@example(kind=FeedKind.NEWS, address="x.fr/" + "é" * 495)
def test_any_text_is_taken_or_refused_with_a_reason(kind, address):
    filled = form(kind, address)
    assert filled.is_valid() != bool(filled.errors)
    if filled.is_valid() and kind not in {FeedKind.WEATHER, FeedKind.VIGILANCE}:
        assert filled.cleaned_data["address"].startswith(("http://", "https://"))
