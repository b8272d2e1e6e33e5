"""Reader of news: dates of all kinds, items without titles, text that looks like tags."""

from __future__ import annotations

import datetime as dt
from html import escape
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from beffroi_server.feeds.readers.news import read_news
from beffroi_server.feeds.readers.news_dates import parse_moment
from beffroi_server.feeds.readers.reading import Reading, ReadingContext

PARIS = ZoneInfo("Europe/Paris")
NOW = dt.datetime(2026, 11, 29, 9, 0, tzinfo=PARIS)


def rss(*items: str) -> str:
    listed = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0"><channel><title>x</title><link>https://x.fr/a/</link>{listed}</channel></rss>'


def dated(title: str, date: str) -> str:
    return f"<title>{title}</title><pubDate>{date}</pubDate>"


def read(content: str) -> Reading:
    return read_news(content.encode(), ReadingContext(PARIS, NOW))


def titles(content: str) -> list[str]:
    return [item["title"] for item in read(content).data["items"]]


def reasons(content: str) -> list[tuple[str, str]]:
    return [(part.reason, part.where) for part in read(content).skipped.named]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sam., 28 nov. 2026 10:00:00 +0100", "2026-11-28T09:00Z"),
        ("samedi 28 novembre 2026 à 10h00", "2026-11-28T09:00Z"),
        ("Publié le 28/11/2026 - 10:00", "2026-11-28T09:00Z"),
        ("28.11.2026 10:00", "2026-11-28T09:00Z"),
        ("28.11.2026 10.00", "2026-11-28T09:00Z"),
        ("28/11/2026 à 10h", "2026-11-28T09:00Z"),
        ("28/11/2026 10 h", "2026-11-28T09:00Z"),
        ("Saturday, 28-Nov-26 10:00:00 GMT", "2026-11-28T10:00Z"),
        ("sab, 28 nov 2026 10.00.00 +0100", "2026-11-28T09:00Z"),
        ("Sa, 28. November 2026 10:00 MEZ", "2026-11-28T09:00Z"),
        ("28 de noviembre de 2026, 10:00", "2026-11-28T09:00Z"),
        ("za, 28 nov. 2026 10:00:00 +0100", "2026-11-28T09:00Z"),
        ("Sat, 28 Nov 2026 10:00:00", "2026-11-28T09:00Z"),
        ("Tue, 28 Jul 2026 10:00:00", "2026-07-28T08:00Z"),
        ("2026-11-28 10:00:00", "2026-11-28T09:00Z"),
        ("2026-11-28T10:00:00Z", "2026-11-28T10:00Z"),
        ("20261128T100000Z", "2026-11-28T10:00Z"),
        ("Sat, 28 Nov 2026 10:00:00 CET", "2026-11-28T09:00Z"),
        ("Tue, 28 Jul 2026 10:00:00 CEST", "2026-07-28T08:00Z"),
        ("Sat, 28 Nov 2026 10:00:00 GMT+1", "2026-11-28T09:00Z"),
        ("Sat, 28 Nov 2026 10:00:00 +0100 (CET)", "2026-11-28T09:00Z"),
        ("Sat, 28 Nov 2026 10:00:00 EST", "2026-11-28T15:00Z"),
        ("Sat, 28 Nov 2026 10:00:00 America/Martinique", "2026-11-28T14:00Z"),
        ("Sat Nov 28 10:00:00 CET 2026", "2026-11-28T09:00Z"),
        ("11/28/2026 10:00 PM", "2026-11-28T21:00Z"),
        ("28 Nov 26 10:00 GMT", "2026-11-28T10:00Z"),
        ("2026-11-28", "2026-11-27T23:00Z"),
    ],
)
def test_a_date_is_understood_in_its_language_and_zone(text, expected):
    moment = parse_moment(text, PARIS)
    assert moment is not None
    assert moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%MZ") == expected


@pytest.mark.parametrize("text", ["", "1795500000", "2026", "hier", "28 nov", "31/02/2026", "28 listopada 2026"])
def test_a_text_that_names_no_day_is_no_date(text):
    assert parse_moment(text, PARIS) is None


@given(some.text(max_size=80) | some.from_regex(r"[0-9a-z ,:/+TZ()-]{1,60}", fullmatch=True))
def test_any_text_is_an_instant_or_none(text):
    parse_moment(text, PARIS)


@pytest.mark.parametrize(
    ("date", "reason"),
    [
        ("Mon, 01 Jan 0001 00:00:00 +0000", "date-too-old"),
        ("Wed, 31 Dec 1969 10:00:00 GMT", "date-too-old"),
        ("9999-12-31T23:59:59Z", "date-too-far"),
        ("1795500000", "date-unknown"),
        ("bientôt", "date-unknown"),
    ],
)
def test_an_odd_date_costs_the_date_alone_and_does_not_lead(date, reason):
    content = rss(dated("new", "Sat, 28 Nov 2026 10:00:00 GMT"), dated("odd", date))

    assert titles(content) == ["new", "odd"]
    assert read(content).data["items"][1]["published_at_ms"] is None
    assert reasons(content) == [(reason, "2")]


def test_an_absurd_date_never_leads_wherever_it_stands():
    assert titles(rss(dated("odd", "9999-12-31"), dated("new", "2026-11-28"), dated("old", "2026-11-01")))[-1] == "odd"


def test_days_to_come_follow_the_news_the_soonest_first():
    content = rss(dated("fair", "2026-12-20"), dated("talk", "2026-12-02"), dated("news", "2026-11-28"))
    assert titles(content) == ["news", "talk", "fair"]


def test_an_item_without_a_date_stays_beside_the_one_before_it():
    content = rss(dated("new", "2026-11-28"), "<title>undated</title>", dated("old", "2020-01-01"))
    assert titles(content) == ["new", "undated", "old"]
    assert not reasons(content)


def test_an_item_without_a_title_has_the_start_of_its_description():
    text = escape("<p>La piscine rouvre&nbsp;<b>lundi</b>.</p><script>x()</script>" + "<p>Venez nombreux</p>" * 20)
    content = rss(f"<description>{text}</description>", "<link>/x</link>", "<title>b</title>")

    assert titles(content)[0].startswith("La piscine rouvre lundi. Venez nombreux")
    assert len(titles(content)[0]) <= 160
    assert reasons(content) == [("no-title", "2")]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Taux <5 % attendu, puis >7 %", "Taux <5 % attendu, puis >7 %"),
        ("Budget : 3 < 5 & dette > 0", "Budget : 3 < 5 & dette > 0"),
        ("Salle <Mozart>", "Salle <Mozart>"),
        ("a <b et c> d", "a <b et c> d"),
        ("<a href='/x'>Lien</a><br/>suite", "Lien suite"),
        ("<script>alert(1)</script>Titre<style>p{}</style>", "Titre"),
        ("L&amp;amp;#8217;école", "L’école"),
        ("<o:p>Word</o:p>", "Word"),
        ("R&D", "R&D"),
    ],
)
def test_what_is_no_tag_stays(title, expected):
    assert titles(rss(f"<title>{escape(title)}</title>")) == [expected]


def test_a_title_of_atom_that_is_no_markup_stays_as_it_is():
    content = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="text">Balise &lt;b&gt;</title></entry></feed>'
    )
    assert titles(content) == ["Balise <b>"]


@pytest.mark.parametrize("end", ["</channel></rss>", "<image/></channel></rss>\n", ""])
def test_of_thousands_of_items_the_first_ones_are_read(end):
    content = rss(*(dated(str(number), "2026-11-28") for number in range(1_500))).removesuffix("</channel></rss>") + end
    assert titles(content)[:2] == ["0", "1"]
    assert reasons(content) == [("too-many-items", "1001–")]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("/b?x=1", "https://x.fr/b?x=1"),
        ("c", "https://x.fr/a/c"),
        ("http://y.fr/", "http://y.fr/"),
        ("javascript:x", ""),
    ],
)
def test_links_are_complete(link, expected):
    (item,) = read(rss(f"<title>t</title><link>{link}</link>")).data["items"]
    assert item["link"] == expected


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ('<link href="https://x.fr/1"/><link href="https://x.fr/1.mp3"/>', "https://x.fr/1"),
        ('<link href="https://x.fr/1" hreflang="fr"/><link href="https://x.fr/en/1" hreflang="en"/>', "https://x.fr/1"),
        ('<link rel="enclosure" href="https://x.fr/1.mp3"/><link href="https://x.fr/1"/>', "https://x.fr/1"),
        ('<link rel="enclosure" href="https://x.fr/1.mp3"/>', ""),
    ],
)
def test_of_several_links_of_atom_the_first_page_is_taken(links, expected):
    (item,) = read(f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>t</title>{links}</entry></feed>').data[
        "items"
    ]
    assert item["link"] == expected
