"""Dates of news as sites write them: RFC 822, ISO 8601, and those with the names of months in many languages."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from beffroi_content.written_dates import fold_text, parse_days

_OFFSETS_MIN = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "cest": 120, "met": 60,
    "mest": 120, "mez": 60, "mesz": 120, "hnec": 60, "haec": 120, "eet": 120, "eest": 180, "msk": 180, "ast": -240,
    "adt": -180, "nst": -210, "ndt": -150, "gft": -180, "pmst": -180, "pmdt": -120, "ret": 240, "mut": 240, "nct": 660,
    "taht": -600, "wft": 720, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480,
    "pdt": -420,
}  # fmt: skip
"""Minutes east of Greenwich of the zones that RFC 822 names, and of those of Europe and of France overseas."""
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)?(.*)")
_TIME = re.compile(
    r"(?<!\d)(\d{1,2}) ?(?:[:h] ?(\d{2})(?: ?[:m] ?(\d{2})(?:[.,]\d{1,9})?s?)?|h)(?!\d)(?![^\W\d]{2})( ?[ap]\.?m\b\.?)?"
)
_DOTTED_TIME = re.compile(r"(?<=\d{4} )(\d{1,2})\.(\d{2})(?:\.(\d{2}))?(?!\d)")
_ZONE = re.compile(
    r"\s*(?:(?:gmt|utc)? ?(?P<offset>[+-]\d{1,2}(?::?\d{2})?)(?!\d)"
    r"|(?P<area>[a-z]+/[a-z_+-]+(?:/[a-z_]+)?)|(?P<name>[a-z]{1,5})\b)"
)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_EDGES = re.compile(r"^(?:publiee? )?(?:[^\W\d_]{1,15}\.?, ?)?|(?:[ ,;-]|\b(?:a|at|um)\b|t)*$")
"""What stands before and after a date: “publié”, a weekday, “à”."""
_HAS_YEAR = re.compile(r"\d{4}|\d\D+\d\D+\d|\d\D*[^\W\d_]{3}\D*\d")
_AMERICAN = re.compile(r"(\d{1,2})/(1[3-9]|2\d|3[01])/(\d{4})")


def parse_moment(text: str, zone: ZoneInfo) -> dt.datetime | None:
    """Return the instant that a text names, or None if it names none.

    Args:
        text: A date, with or without a time. Without a time it is midnight.
        zone: The zone of times that name none, or one that is not known.
    """
    plain = fold_text(text)
    if compact := _COMPACT.fullmatch(plain):
        year, month, day, hour, minute, second, rest = compact.groups(default="00")
        plain = f"{year}-{month}-{day}t{hour}:{minute}:{second}{rest}"
    plain = _DOTTED_TIME.sub(lambda dotted: ":".join(filter(None, dotted.groups())), plain)
    found = _TIME.search(plain)
    if found is None:
        return _combine(plain, dt.timedelta(), zone)
    before, after = plain[: found.start()], _BRACKETS.sub(" ", plain[found.end() :])
    named = _ZONE.match(after)
    place = _zone_of(named) if named else None
    if named and (place is not None or named["name"]):
        after = after[named.end() :]
    return _combine(f"{_EDGES.sub('', before)} {after}".strip(), _time_of_day(found), place or zone)


def _combine(date: str, time: dt.timedelta, zone: dt.tzinfo) -> dt.datetime | None:
    plain = _AMERICAN.sub(r"\2/\1/\3", _EDGES.sub("", date).strip())
    # Without a year any day would be near: news name theirs.
    days = parse_days(plain, dt.date(2000, 1, 1)) if _HAS_YEAR.search(plain) else None
    if days is None or days[0] != days[1]:
        return None
    try:
        return dt.datetime.combine(days[0], dt.time(), zone) + time
    except OverflowError:
        return None


def _time_of_day(found: re.Match[str]) -> dt.timedelta:
    hour, minute, second = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    if found[4]:
        hour = hour % 12 + (12 if "p" in found[4] else 0)
    return dt.timedelta(hours=min(hour, 24), minutes=min(minute, 59), seconds=min(second, 59))


def _zone_of(named: re.Match[str]) -> dt.tzinfo | None:
    if named["offset"]:
        digits = named["offset"][1:].replace(":", "")
        minutes = int(digits[:-2] or 0) * 60 + int(digits[-2:]) if len(digits) > 2 else int(digits) * 60
        sign = -1 if named["offset"][0] == "-" else 1
        return dt.timezone(dt.timedelta(minutes=sign * minutes)) if minutes <= 14 * 60 else None
    if named["area"]:
        area, *rest = named["area"].split("/")
        name = "/".join([area.title(), *("_".join(map(str.capitalize, part.split("_"))) for part in rest)])
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None
    minutes_east = _OFFSETS_MIN.get(named["name"])
    return None if minutes_east is None else dt.timezone(dt.timedelta(minutes=minutes_east))
