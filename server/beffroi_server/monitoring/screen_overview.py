"""Overview of screens: the state of each one, with the reasons, from its last report and what it was sent.

A screen is right if it is connected, has the newest programme and alerts, reports no problem, and has presented the
frame that it had to show (see ``expected_frames``).
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import TextField
from django.db.models.functions import Cast
from pydantic import ValidationError

from beffroi_content.model import PowerState
from beffroi_content.timeline import ClockState
from beffroi_content.wire.messages import ALERTS, PROGRAMME
from beffroi_content.wire.reports import CaptureLabel, ConnectionState, PlayerReport
from beffroi_content.wire.scopes import TopicScope, screen_scopes
from beffroi_content.wire.topics import MessageDirection
from beffroi_server.core.named_relations import keep_read
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet import identity_watch, presence, targets
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.monitoring import clock_text

if TYPE_CHECKING:
    from beffroi_server.monitoring.expected_frames import ExpectedContents

logger = logging.getLogger(__name__)
CLOCK_TOLERANCE = dt.timedelta(seconds=2)
"""Difference between the clocks of player and server that is allowed where one slide follows another."""
STATE_OF_REASON = {
    "not-enrolled": "new",
    "no-report": "new",
    "offline": "offline",
    "silent": "offline",
    "programme-older": "pending",
    "programme-preparing": "pending",
    "overlay": "pending",
    "alerts-older": "wrong",
    "frame-differs": "wrong",
    "refusals": "wrong",
    "clock-unknown": "wrong",
    "clock-differs": "wrong",
    "zone-differs": "wrong",
    "identity-clash": "wrong",
    "player-problems": "wrong",
    "connection-polling": "pending",
    "connection-lost": "wrong",
    "messages-malformed": "wrong",
    "messages-flood": "wrong",
    "messages-quota": "wrong",
    "messages-unstorable": "wrong",
}
"""Codes of reasons, and the state that a screen is in because of each."""
_STATES_BY_SEVERITY = ("right", "pending", "wrong", "offline", "new")


_FACTS = (
    "slug", "name", "place", "enrolled_at", "state__screen", "state__online", "state__seen_at", "state__polled_at",
    "state__clash_at", "state__refused_at", "state__refused_reason", "state__report",
)  # fmt: skip
_TRUE = {"1", "true"}
"""What a database writes for true."""
_MAX_SCREENS = 20_000
Row = TypeVar("Row", Screen, ScreenState)


@dataclass(frozen=True, slots=True)
class ScreenOverview:
    """State of a screen, with the reasons for it."""

    screen: Screen
    state: str
    """``right``, ``pending``, ``wrong``, ``offline`` or ``new``."""
    reasons: tuple[str, ...]
    """Codes of ``STATE_OF_REASON``; none where the screen is right."""
    seen_at: dt.datetime | None
    report: PlayerReport | None = None
    verified: bool = False
    """Whether the reported frame digest is that of the expected frame; False where they were not compared."""
    groups: tuple[str, ...] = ()
    """The slugs of its groups, sorted."""
    silent_since: dt.datetime | None = None
    """When something last came of its player, where it is ``offline``."""


@dataclass(frozen=True, slots=True)
class _ScreenFacts:
    """What the state of a screen is told from."""

    screen: Screen
    state: ScreenState | None
    report: PlayerReport | None
    lasting: frozenset[str]
    """The reasons that its report gives at any instant, and whatever the screen was sent."""

    @classmethod
    def of(cls, screen: Screen, report: PlayerReport | None) -> _ScreenFacts:
        state: ScreenState | None = getattr(screen, "state", None)
        return cls(screen, state, report, _lasting_reasons(state, report))


class _FactsMemory:
    """The facts of each screen, kept while its row stays the same.

    An open page asks every few seconds, a player reports every minute. To compare a row with the one before takes a
    tenth of what it takes to make objects of it.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[tuple[Any, ...], _ScreenFacts]] = {}

    def read_all(self) -> list[_ScreenFacts]:
        """Return the facts of every screen, in their order. Safe for threads: at worst a row is read twice.

        The screens and states are shared with others who ask: nobody may change them.
        """
        # As text, every value is compared as it is stored, without a conversion.
        texts = {f"text_{number}": Cast(name, TextField()) for number, name in enumerate(_FACTS)}
        rows = list(Screen.objects.annotate(**texts).values_list("pk", *texts))
        known = self._known if len(self._known) <= _MAX_SCREENS else {}
        fresh = {
            row[0]: (row, _facts_of_row(*row))
            for row in rows
            if (before := known.get(row[0])) is None or before[0] != row
        }
        if fresh:
            # Replaced as a whole: others may be reading it.
            self._known = known = known | fresh
        return [known[row[0]][1] for row in rows]


def _facts_of_row(key: int, *row: str | None) -> _ScreenFacts:
    slug, name, place, enrolled_at, has_state, online, *texts, reason, report = row
    screen = _read_row(Screen, {"id": key, "slug": slug, "name": name, "place": place, "enrolled_at": _at(enrolled_at)})
    state = None
    if has_state is not None:
        seen_at, polled_at, clash_at, refused_at = map(_at, texts)
        state = _read_row(
            ScreenState,
            {
                "screen_id": key, "online": online in _TRUE, "seen_at": seen_at, "polled_at": polled_at,
                "clash_at": clash_at, "refused_at": refused_at, "refused_reason": reason,
            },
        )  # fmt: skip
    Screen._meta.get_field("state").set_cached_value(screen, state)
    return _ScreenFacts.of(screen, _parse_report(report) if report is not None else None)


def _read_row(model: type[Row], values: dict[str, Any]) -> Row:
    """Return a saved row of which these fields are known; others are read where somebody asks for them."""
    known = [field.attname for field in model._meta.concrete_fields if field.attname in values]
    return model.from_db(DEFAULT_DB_ALIAS, known, [values[name] for name in known])


def _at(text: str | None) -> dt.datetime | None:
    """Return an instant that a database has given as text: in UTC, which SQLite leaves out."""
    if text is None:
        return None
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)


_facts = _FactsMemory()


def overview_all(now: dt.datetime) -> list[ScreenOverview]:
    """Return the overview of every screen; frames are not compared: see ``compare_frames``.

    Of each screen only what a list is searched and sorted by is read: see ``with_whole_screens`` for those of a page.
    """
    heads, groups = _newest_sequences(), targets.group_slugs_by_screen()
    return [_build_overview(facts, groups.get(facts.screen.pk, ()), heads, now) for facts in _facts.read_all()]


def with_whole_screens(known: Iterable[ScreenOverview]) -> list[ScreenOverview]:
    """Return overviews with everything of their screens, for a page that shows some of them."""
    listed = list(known)
    screens = Screen.objects.select_related("state", "screen_class")
    whole = screens.in_bulk([each.screen.pk for each in listed])
    groups = targets.all_groups()
    for each in listed:
        if each.screen.pk in whole:
            keep_read(whole[each.screen.pk], "groups", [group for group in groups if group.slug in each.groups])
    return [replace(each, screen=whole[each.screen.pk]) for each in listed if each.screen.pk in whole]


def compare_frames(known: Iterable[ScreenOverview], contents: ExpectedContents) -> list[ScreenOverview]:
    """Return overviews with reported and expected frames compared.

    The first drawing of a slide takes its time; later ones come from a cache.
    """
    return [_with_frame_compared(one, contents) for one in known]


def overview_screen(screen: Screen, now: dt.datetime, contents: ExpectedContents | None = None) -> ScreenOverview:
    """Return the overview of one screen, with reported and expected frame compared."""
    facts = _ScreenFacts.of(screen, report_of(screen))
    known = _build_overview(facts, targets.group_slugs_of(screen), _newest_sequences(), now)
    return _with_frame_compared(known, contents)


def is_expected_frame(
    screen: Screen, report: PlayerReport | CaptureLabel, contents: ExpectedContents | None = None
) -> bool | None:
    """Return whether a screen has presented the expected frame; None where that cannot be told.

    It cannot be told of a display that is off, or of a player that does not know the time. Frames around the reported
    instant count too, since clocks differ a little (``CLOCK_TOLERANCE``).
    """
    from beffroi_server.monitoring import expected_frames as expected  # noqa: PLC0415 - Pillow loads only where something is drawn

    if report.frame is None or report.presented_at_ms is None:
        return None
    if report.power is PowerState.OFF or report.clock is ClockState.UNKNOWN:
        return None
    try:
        presented = dt.datetime.fromtimestamp(report.presented_at_ms / 1000, dt.UTC)
        moments = (presented, presented + CLOCK_TOLERANCE, presented - CLOCK_TOLERANCE)
        return report.frame in (contents or expected.ExpectedContents([screen])).digests_at(screen, moments)
    except (ArithmeticError, ValueError):
        return False
    except Exception:
        logger.exception("the expected frame of %s cannot be drawn", screen.slug)
        return None


def is_outdated(screen: Screen, report: PlayerReport | CaptureLabel) -> bool:
    """Return whether a screen was sent another programme or other alerts since its report or capture."""
    heads = _newest_sequences()
    return report.programme != heads.get(_programme_stream(screen.slug)) or _alerts_are_older(
        screen, targets.group_slugs_of(screen), report, heads
    )


def screens_with_newest_alerts(screens: Iterable[Screen]) -> frozenset[int]:
    """Return the keys of the screens that have said to have the newest alert sets: received, and verified."""
    known = [screen for screen in screens if isinstance(getattr(getattr(screen, "state", None), "report", None), dict)]
    if not known:
        return frozenset()
    heads, groups = _newest_sequences(), targets.group_slugs_by_screen()
    found = set()
    for screen in known:
        held = (screen.state.report or {}).get("alerts") or {}
        streams = _alert_streams(screen.slug, groups.get(screen.pk, ()))
        if all(held.get(stream) == heads[stream] for stream in streams if stream in heads):
            found.add(screen.pk)
    return frozenset(found)


def report_of(screen: Screen) -> PlayerReport | None:
    """Return the last report of a screen; None where there is none that this version understands."""
    state: ScreenState | None = getattr(screen, "state", None)
    return _read_report(state, state.machine) if state is not None else None


def _parse_report(text: str) -> PlayerReport | None:
    try:
        return PlayerReport.model_validate_json(text)
    except ValidationError:
        return None


def _read_report(state: ScreenState | None, machine: Any) -> PlayerReport | None:
    if state is None or state.report is None:
        return None
    try:
        return PlayerReport.model_validate({**state.report, "machine": state.report.get("machine") or machine})
    except ValidationError:
        return None


def _newest_sequences() -> dict[str, int]:
    """Return the newest sequence of every retained stream, by its name such as ``s-hall/programme``."""
    rows = OutboxDocument.objects.filter(retained=True).values_list("topic", "sequence")
    # Our own topics: what follows the direction is the stream. Parsing a thousand of them would take ten times as long.
    return {topic.partition(f"/{MessageDirection.DOWN}/")[2]: sequence for topic, sequence in rows}


def _build_overview(
    facts: _ScreenFacts, groups: tuple[str, ...], heads: dict[str, int], now: dt.datetime
) -> ScreenOverview:
    reasons = tuple(_state_reasons(facts, groups, heads, now))
    seen_at = facts.state.seen_at if facts.state else None
    if not reasons:
        return ScreenOverview(facts.screen, "right", reasons, seen_at, facts.report, groups=groups)
    gravest = max((STATE_OF_REASON[reason] for reason in reasons), key=_STATES_BY_SEVERITY.index)
    silent_since = presence.last_contact(facts.state) if gravest == "offline" else None
    return ScreenOverview(
        facts.screen, gravest, reasons, seen_at, facts.report, groups=groups, silent_since=silent_since
    )


def _with_frame_compared(known: ScreenOverview, contents: ExpectedContents | None) -> ScreenOverview:
    # A screen with an older programme rightly shows something else, so frames are compared last.
    # What lies over the programme for a moment is none of it either.
    if known.report is None or known.reasons:
        return known
    is_right = is_expected_frame(known.screen, known.report, contents)
    if is_right is False:
        return replace(known, state=STATE_OF_REASON["frame-differs"], reasons=("frame-differs",))
    return replace(known, verified=is_right is True)


def _state_reasons(facts: _ScreenFacts, groups: tuple[str, ...], heads: dict[str, int], now: dt.datetime) -> list[str]:
    screen, state, report = facts.screen, facts.state, facts.report
    if screen.enrolled_at is None:
        return ["not-enrolled"]
    if state is None or report is None:
        return ["no-report", *_refused_messages(state, now)]
    if not presence.is_reachable(state, now):
        clash = ["identity-clash"] if identity_watch.has_clash(state, now) else []
        return ["silent" if state.online else "offline", *clash]
    found = set(facts.lasting)
    if report.programme != heads.get(_programme_stream(screen.slug)):
        found.add("programme-older")
    if _alerts_are_older(screen, groups, report, heads):
        found.add("alerts-older")
    if report.refusals and any(refusal.last_at_ms > _hour_ago(now) for refusal in report.refusals):
        found.add("refusals")
    if identity_watch.has_clash(state, now):
        found.add("identity-clash")
    if presence.is_unheard(state, now):
        found.add("connection-polling")
    refused = _refused_messages(state, now)
    # Of most screens there is nothing to say, and there may be a thousand.
    return [code for code in _ORDER if code in found] + refused if found else refused


_ORDER = (
    "programme-older", "programme-preparing", "alerts-older", "refusals", "player-problems", "identity-clash",
    "clock-differs", "zone-differs", "clock-unknown", "connection-polling", "connection-lost", "overlay",
)  # fmt: skip
"""In which reasons are named of a screen whose player is there."""


def _lasting_reasons(state: ScreenState | None, report: PlayerReport | None) -> frozenset[str]:
    """Return the reasons that are told from a report alone, of whatever age."""
    if state is None or report is None:
        return frozenset()
    found = {
        "programme-preparing": bool(report.preparing),
        "overlay": report.overlay,
        "player-problems": bool(report.health and report.health.problems),
        "clock-differs": clock_text.clock_differs(report, state.seen_at),
        "zone-differs": bool(clock_text.zone_sentence(report.zone, report.at_ms // 1000)),
        "clock-unknown": report.clock is ClockState.UNKNOWN,
        "connection-polling": not state.online or report.link is ConnectionState.POLLING,
        "connection-lost": state.online and report.link is ConnectionState.LOST,
    }
    return frozenset(code for code, holds in found.items() if holds)


def _refused_messages(state: ScreenState | None, now: dt.datetime) -> list[str]:
    """Return why messages of a screen were refused within the last hour."""
    if state is None or state.refused_at is None or state.refused_at < now - dt.timedelta(hours=1):
        return []
    return [code for code in (f"messages-{state.refused_reason}",) if code in STATE_OF_REASON]


@lru_cache(_MAX_SCREENS)
def _programme_stream(slug: str) -> str:
    return PROGRAMME.stream_for(TopicScope.of_screen(slug))


@lru_cache(_MAX_SCREENS)
def _alert_streams(slug: str, groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(ALERTS.stream_for(scope) for scope in screen_scopes(slug, groups))


def _alerts_are_older(
    screen: Screen, groups: tuple[str, ...], report: PlayerReport | CaptureLabel, heads: dict[str, int]
) -> bool:
    streams = _alert_streams(screen.slug, groups)
    return any(stream in heads and report.alerts.get(stream) != heads[stream] for stream in streams)


def _hour_ago(now: dt.datetime) -> int:
    return round((now - dt.timedelta(hours=1)).timestamp() * 1000)
