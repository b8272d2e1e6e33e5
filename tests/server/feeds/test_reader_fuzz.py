"""Readers against content that nobody would write: a code or a result that fits the widget, and never an exception."""

from __future__ import annotations

import datetime as dt
import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from beffroi_server.feeds import readers
from beffroi_server.feeds.reading_process import WIDGET_MODELS

NOW = dt.datetime(2026, 11, 29, 9, 0, tzinfo=dt.UTC)
MONTHS = ["janv.", "nov", "Dec", "décembre", "März"]
DATES = some.sampled_from(
    [
        "2026-11-29",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "29/11/26",
        "sam., 28 nov. 2026 10:00 CET",
        "-1",
    ]
) | some.builds(
    "{} {} {} {}:{}".format,
    *(some.integers(-1, 32), some.sampled_from(MONTHS), some.integers(0, 10_000), some.integers(0, 25)),
    some.integers(0, 61),
)
TEXTS = some.text(max_size=60) | some.sampled_from(
    [
        "<b>x</b>",
        "&amp;amp;#8217;",
        "a < b > c",
        "<script>",
        "\ud800",
        "\x00",
        "\u202f",
        "&#xD800;",
        "<" * 50,
        "&#" * 20,
        "]]>",
    ]
)
NUMBERS = some.integers() | some.floats() | some.none() | some.booleans() | TEXTS
MOMENTS = DATES | NUMBERS | some.datetimes().map(lambda moment: moment.isoformat() + "Z")
quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def check(kind: str, content: bytes, **options: object) -> None:
    found = readers.read_feed(kind, "Europe/Paris", content, now=NOW, **options)
    # What is stored must be JSON that every database takes.
    stored = json.loads(json.dumps(found))
    assert "\\u0000" not in json.dumps(found)
    json.dumps(found, ensure_ascii=False).encode()
    if "code" in stored:
        return
    WIDGET_MODELS[kind].model_validate(stored["data"])
    again = readers.read_feed(kind, "Europe/Paris", content, now=NOW, **{**options, "kept": stored["kept"]})
    assert again["data"] == found["data"]


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@quick
@given(kind=some.sampled_from(sorted(WIDGET_MODELS)), content=some.binary(max_size=400))
def test_bytes(kind, content):
    check(kind, content, department="29")


@quick
@given(items=some.lists(some.tuples(TEXTS, TEXTS, DATES | TEXTS, TEXTS), max_size=6), cut=some.integers(0, 400))
def test_news(items, cut):
    listed = "".join(
        f"<item><title>{title}</title><description><![CDATA[{text}]]></description><pubDate>{date}</pubDate>"
        f"<link>{link}</link></item>"
        for title, text, date, link in items
    )
    content = encode(f"<rss version='2.0'><channel><title>x</title>{listed}</channel></rss>")
    check("news", content)
    check("news", content[: len(content) - cut])


@quick
@given(
    rows=some.lists(some.lists(TEXTS | DATES, max_size=10), max_size=70),
    delimiter=some.sampled_from(";,\t|"),
    end=some.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    quote=some.sampled_from(['"{}"', "{}", '"{}', '{}"', '"{}""']),
    encoding=some.sampled_from(["utf-8", "utf-16", "cp1252", "mac-roman"]),
)
def test_table(rows, delimiter, end, quote, encoding):
    check(
        "table",
        end.join(delimiter.join(quote.format(cell) for cell in row) for row in rows).encode(encoding, "replace"),
    )


DETAILS = some.dictionaries(
    some.sampled_from(["air_temperature", "wind_speed", "air_temperature_min", "air_temperature_max"]), NUMBERS
)
SUMMARIES = some.dictionaries(some.just("symbol_code"), NUMBERS)
SPAN = some.fixed_dictionaries({}, optional={"summary": SUMMARIES, "details": DETAILS})
DATA = some.fixed_dictionaries(
    {"instant": some.fixed_dictionaries({"details": DETAILS})},
    optional={"next_1_hours": SPAN, "next_6_hours": SPAN | NUMBERS},
)
HOURS = some.integers(0, 200).map(lambda hour: (NOW + dt.timedelta(hours=hour)).isoformat())
STEPS = some.fixed_dictionaries({"time": MOMENTS | HOURS}, optional={"data": DATA | NUMBERS})


@quick
@given(steps=some.lists(STEPS | NUMBERS, max_size=40), place=NUMBERS)
def test_weather(steps, place):
    content = {"geometry": {"coordinates": place}, "properties": {"timeseries": steps}}
    check("weather", json.dumps(content).encode())


ITEM = some.fixed_dictionaries(
    {"phenomenon_id": NUMBERS | some.integers(1, 9), "phenomenon_max_color_id": NUMBERS | some.integers(0, 5)}
)
ITEMS = some.lists(ITEM | NUMBERS, max_size=12)
DOMAIN = some.fixed_dictionaries(
    {"domain_id": some.sampled_from(["29", "2910", 29, "30"]) | NUMBERS}, optional={"phenomenon_items": ITEMS | NUMBERS}
)
DOMAINS = some.lists(DOMAIN | NUMBERS, max_size=4)
PERIODS = some.fixed_dictionaries(
    {"echeance": some.sampled_from(["J", "J1"]) | NUMBERS},
    optional={
        "begin_validity_time": MOMENTS, "end_validity_time": MOMENTS,
        "timelaps": some.fixed_dictionaries({"domain_ids": DOMAINS | NUMBERS}) | NUMBERS,
    },
)  # fmt: skip


@quick
@given(periods=some.lists(PERIODS | NUMBERS, max_size=7), made=MOMENTS)
def test_vigilance(periods, made):
    content = {"product": {"update_time": made, "periods": periods}}
    check("vigilance", json.dumps(content).encode(), department="29")


MUCH = {
    "brackets": b"[" * 50_000, "tags": b"<a>" * 15_000, "less-than": b"<" * 60_000, "quotes": b'"' * 60_000,
    "semicolons": b";" * 60_000, "open-quotes": b'"a\n' * 60_000, "ampersands": b"&" * 60_000,
    "one-open-quote": b'a;b\n"' + b"x\n" * 100_000, "dates": b"1 janvier;" * 20_000, "line-ends": b"\r" * 60_000,
    "bad-bytes": b"\xe9" * 60_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(WIDGET_MODELS))
@pytest.mark.parametrize("content", MUCH.values(), ids=MUCH)
def test_much_of_one_thing_is_read_quickly(kind, content):
    started = time.process_time()
    check(kind, content)
    assert time.process_time() - started < 5
