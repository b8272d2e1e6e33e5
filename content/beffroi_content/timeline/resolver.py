"""``(manifest, alerts, moment) -> scene``: what is on in each zone, why, since when and until when.

Order of precedence: an emergency; an alert, except in its breathers; the end of either; then, in each zone, the
rules of the highest priority that have something to show; then the idle slide. A banner lies over all but a takeover.

A loop has no state: its position is the wall clock modulo its length, so that screens with the same programme are
in step without talking to each other, and a restarted player goes on where it would have been.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from beffroi_content.model import (
    AlertForm,
    AlertLevel,
    HeldAlert,
    Manifest,
    Rectangle,
    RuleMode,
    ScheduleRule,
    Slide,
    UnknownContent,
    Zone,
    banner_rectangle,
)
from beffroi_content.timeline import alerts as precedence
from beffroi_content.timeline.alerts import FAR_MS, AlertSlot, Phase
from beffroi_content.timeline.calendar import applies, boundaries, local_time
from beffroi_content.timeline.moment import ClockState, Moment
from beffroi_content.timeline.scene import Reason, ReasonKind, Scene, Showing

INFORMATION_MS = 12_000
"""How long a page of an information alert is on in each turn of the loop."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A page in a loop."""

    reason: Reason
    duration_ms: int
    page: int
    slide: Slide | None = None
    phase: Phase | None = None


@dataclass(frozen=True, slots=True)
class _Span:
    """The time around a moment in which a loop is made of the same entries."""

    since_ms: int | None
    until_ms: int


def resolve(manifest: Manifest | None, alerts: Sequence[HeldAlert], moment: Moment, size: tuple[int, int]) -> Scene:
    """Return what is on at a moment.

    Args:
        manifest: The programme; None for a player that has none yet.
        alerts: Every alert that the player holds, of all scopes.
        moment: The instant, and how far its clock can be believed.
        size: Width and height of the upright screen in pixels, for what takes it over.
    """
    found = precedence.phases(alerts, moment)
    full = Rectangle(width=size[0], height=size[1])
    over = precedence.takeover(found, moment.unix_ms)
    if over is not None:
        return _scene([_alert_showing(over, full)])
    limit = min(precedence.next_boundary(found, moment.unix_ms), precedence.next_takeover(found, moment.unix_ms))
    showings = _zones(manifest, found, moment, limit) if manifest else []
    band = precedence.banner(found, moment.unix_ms)
    if band is not None:
        showings.append(_alert_showing(band, banner_rectangle(size)))
    return _scene(showings)


def changes(
    manifest: Manifest | None, alerts: Sequence[HeldAlert], moment: Moment, size: tuple[int, int]
) -> Iterator[Scene]:
    """Yield the scene of a moment and those that follow it, until one has no known end."""
    scene = resolve(manifest, alerts, moment, size)
    yield scene
    while scene.until_ms is not None:
        moment = moment.at(scene.until_ms)
        scene = resolve(manifest, alerts, moment, size)
        yield scene


def _scene(showings: Sequence[Showing]) -> Scene:
    return Scene(tuple(showings), min((s.until_ms for s in showings if s.until_ms is not None), default=None))


def _alert_showing(slot: AlertSlot, rectangle: Rectangle) -> Showing:
    kind = ReasonKind.ALL_CLEAR if slot.form is AlertForm.ALL_CLEAR else ReasonKind.ALERT
    return Showing(
        rectangle=rectangle,
        reason=Reason(kind),
        alert=slot.phase.held.alert,
        form=slot.form,
        page=slot.page,
        since_ms=slot.since_ms,
        until_ms=_known(slot.until_ms),
    )


def _zones(manifest: Manifest, found: Sequence[Phase], moment: Moment, limit: int) -> list[Showing]:
    news = [p for p in found if p.held.alert.level is AlertLevel.INFORMATION and p.is_active(moment.unix_ms)]
    slides = {slide.id: slide for slide in manifest.slides}
    main = manifest.layout.zones[0]
    return [
        _zone_showing(manifest, zone, slides, news if zone is main else [], moment, limit)
        for zone in manifest.layout.zones
    ]


def _zone_showing(
    manifest: Manifest, zone: Zone, slides: dict[str, Slide], news: Sequence[Phase], moment: Moment, limit: int
) -> Showing:
    rules = [rule for rule in manifest.rules if rule.zone == zone.id]
    loop = _loop(manifest, _winners(manifest, rules, slides, moment), slides, moment)
    if not loop:
        loop = list(_slide_entries(manifest.idle, Reason(ReasonKind.IDLE)))
    loop += [
        _Entry(Reason(ReasonKind.ALERT), INFORMATION_MS, page, phase=phase)
        for phase in news
        for page in range(phase.held.pages)
    ]
    span = _span(manifest, rules, slides, moment)
    return _at(loop, zone, moment.unix_ms, _Span(span.since_ms, min(span.until_ms, limit)))


def _winners(
    manifest: Manifest, rules: Iterable[ScheduleRule], slides: dict[str, Slide], moment: Moment
) -> list[ScheduleRule]:
    """Return the rules that share the zone, by identifier."""
    known = moment.clock is not ClockState.UNKNOWN
    local = local_time(moment.unix_ms, _time_zone(manifest))
    eligible = [
        rule
        for rule in rules
        if (known or not rule.is_dated) and applies(rule, local) and _content(manifest, rule, slides, moment)
    ]
    highest = max((rule.priority for rule in eligible), default=0)
    eligible = sorted((rule for rule in eligible if rule.priority == highest), key=lambda rule: rule.id)
    alone = [rule for rule in eligible if rule.mode is RuleMode.REPLACE]
    return alone[:1] or eligible


def _loop(manifest: Manifest, rules: Iterable[ScheduleRule], slides: dict[str, Slide], moment: Moment) -> list[_Entry]:
    return [
        entry
        for rule in rules
        for slide in _content(manifest, rule, slides, moment)
        for entry in _slide_entries(slide, Reason(ReasonKind.RULE, rule.id, rule.playlist, rule.priority))
    ]


def _slide_entries(slide: Slide, reason: Reason) -> Iterator[_Entry]:
    return (_Entry(reason, slide.duration_ms, page, slide=slide) for page in range(slide.pages))


def _content(manifest: Manifest, rule: ScheduleRule, slides: dict[str, Slide], moment: Moment) -> list[Slide]:
    """Return the slides of a rule that may be shown at the moment."""
    names = next(playlist.slides for playlist in manifest.playlists if playlist.id == rule.playlist)
    return [slides[name] for name in names if name in slides and _is_valid(slides[name], moment)]


def _is_valid(slide: Slide, moment: Moment) -> bool:
    if isinstance(slide.content, UnknownContent):
        return False
    if slide.valid_from_ms is None and slide.valid_until_ms is None:
        return True
    if moment.clock is ClockState.UNKNOWN:
        return False
    return (slide.valid_from_ms or 0) <= moment.unix_ms < (slide.valid_until_ms or FAR_MS)


def _span(manifest: Manifest, rules: Iterable[ScheduleRule], slides: dict[str, Slide], moment: Moment) -> _Span:
    """Return the time around the moment in which neither a rule nor the validity of a slide changes."""
    zone = _time_zone(manifest)
    past: list[int] = []
    future: list[int] = []
    for rule in rules:
        before, after = boundaries(rule, moment.unix_ms, zone)
        past += [before] if before is not None else []
        future += [after] if after is not None else []
    for slide in slides.values():
        for instant in (slide.valid_from_ms, slide.valid_until_ms):
            if instant is not None:
                (past if instant <= moment.unix_ms else future).append(instant)
    return _Span(max(past, default=None), min(future, default=FAR_MS))


def _at(loop: Sequence[_Entry], zone: Zone, unix_ms: int, span: _Span) -> Showing:
    """Return the entry that a loop has reached at an instant."""
    if len(loop) == 1:
        return _showing(loop[0], zone, span.since_ms, span.until_ms)
    since = unix_ms - unix_ms % sum(entry.duration_ms for entry in loop)
    for entry in loop:
        if unix_ms < since + entry.duration_ms:
            break
        since += entry.duration_ms
    since_ms = since if span.since_ms is None else max(since, span.since_ms)
    return _showing(entry, zone, since_ms, min(since + entry.duration_ms, span.until_ms))


def _showing(entry: _Entry, zone: Zone, since_ms: int | None, until_ms: int) -> Showing:
    return Showing(
        rectangle=zone.rectangle,
        reason=entry.reason,
        zone=zone.id,
        slide=entry.slide,
        alert=entry.phase.held.alert if entry.phase else None,
        form=AlertForm.SLIDE if entry.phase else None,
        page=entry.page,
        since_ms=since_ms,
        until_ms=_known(until_ms),
    )


def _known(instant: int) -> int | None:
    return None if instant >= FAR_MS else instant


@lru_cache(maxsize=64)
def _zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _time_zone(manifest: Manifest) -> ZoneInfo:
    return _zone_of(manifest.settings.time_zone)
