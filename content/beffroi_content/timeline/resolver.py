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
    Playlist,
    Rectangle,
    RuleMode,
    ScheduleRule,
    Slide,
    UnknownContent,
    Zone,
    banner_rectangle,
)
from beffroi_content.timeline import alerts as precedence
from beffroi_content.timeline.alerts import AlertSlot, Phase
from beffroi_content.timeline.calendar import applies, boundaries, local_time
from beffroi_content.timeline.moment import FAR_MS, ClockState, Moment, Span
from beffroi_content.timeline.scene import Reason, ReasonKind, Scene, Showing

SIGHT_MS = 23 * 3_600_000
"""The calendar looks back for at least so long: to the midnight before yesterday, however short that day was."""
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
class _Programme:
    """A manifest at a moment, with its parts by name."""

    manifest: Manifest
    moment: Moment
    slides: dict[str, Slide]
    playlists: dict[str, Playlist]
    zone: ZoneInfo

    def applies(self, rule: ScheduleRule) -> bool:
        """Tell whether a rule applies now; a dated one does not while nobody knows the date."""
        if not rule.is_dated:
            return True
        known = self.moment.clock is not ClockState.UNKNOWN
        return known and applies(rule, local_time(self.moment.unix_ms, self.zone))

    def content(self, rule: ScheduleRule) -> list[Slide]:
        """Return the slides of a rule that may be shown now."""
        slides = (self.slides[name] for name in self.playlists[rule.playlist].slides)
        return [slide for slide in slides if _is_valid(slide, self.moment)]


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
    over = precedence.takeover(found, moment.unix_ms, rests=manifest is not None)
    if over is not None:
        return _scene([_alert_showing(over, full)])
    calm = precedence.calm(found, moment.unix_ms)
    showings = _zones(manifest, found, moment, calm) if manifest else _without_programme(found, moment, full)
    band = precedence.banner(found, moment.unix_ms)
    if band is not None:
        showings.append(_alert_showing(band, banner_rectangle(size), calm))
    return _scene(showings, calm)


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


def _scene(showings: Sequence[Showing], calm: Span | None = None) -> Scene:
    ends = [showing.until_ms for showing in showings if showing.until_ms is not None]
    return Scene(tuple(showings), _known(min([*ends, calm.until_ms if calm else FAR_MS])))


def _alert_showing(slot: AlertSlot, rectangle: Rectangle, calm: Span | None = None) -> Showing:
    kind = ReasonKind.ALL_CLEAR if slot.form is AlertForm.ALL_CLEAR else ReasonKind.ALERT
    span = slot.span.within(calm) if calm else slot.span
    return Showing(
        rectangle=rectangle,
        reason=Reason(kind),
        alert=slot.phase.held.alert,
        form=slot.form,
        page=slot.page,
        since_ms=span.since_ms,
        until_ms=_known(span.until_ms),
    )


def _without_programme(found: Sequence[Phase], moment: Moment, full: Rectangle) -> list[Showing]:
    slot = precedence.news(found, moment.unix_ms)
    return [_alert_showing(slot, full)] if slot else []


def _zones(manifest: Manifest, found: Sequence[Phase], moment: Moment, calm: Span) -> list[Showing]:
    programme = _Programme(
        manifest,
        moment,
        {slide.id: slide for slide in (*manifest.slides, manifest.idle)},
        {playlist.id: playlist for playlist in manifest.playlists},
        _zone_of(manifest.settings.time_zone),
    )
    news = [
        _Entry(Reason(ReasonKind.ALERT), INFORMATION_MS, page, phase=phase)
        for phase in precedence.active(found, AlertLevel.INFORMATION, moment.unix_ms)
        for page in range(phase.held.pages)
    ]
    main, *others = manifest.layout.zones
    return [_zone_showing(programme, main, news, calm), *(_zone_showing(programme, zone, [], calm) for zone in others)]


def _zone_showing(programme: _Programme, zone: Zone, news: Sequence[_Entry], calm: Span) -> Showing:
    rules = [rule for rule in programme.manifest.rules if rule.zone == zone.id]
    loop = [
        entry
        for rule in _winners(programme, rules)
        for slide in programme.content(rule)
        for entry in _slide_entries(slide, Reason(ReasonKind.RULE, rule.id, rule.playlist, rule.priority))
    ]
    loop = loop or list(_slide_entries(programme.manifest.idle, Reason(ReasonKind.IDLE)))
    return _at([*loop, *news], zone, programme.moment.unix_ms, _span(programme, rules, calm))


def _winners(programme: _Programme, rules: Iterable[ScheduleRule]) -> list[ScheduleRule]:
    """Return the rules that share the zone, by identifier."""
    eligible = [rule for rule in rules if programme.applies(rule) and programme.content(rule)]
    highest = max((rule.priority for rule in eligible), default=0)
    eligible = sorted((rule for rule in eligible if rule.priority == highest), key=lambda rule: rule.id)
    alone = [rule for rule in eligible if rule.mode is RuleMode.REPLACE]
    return alone[:1] or eligible


def _slide_entries(slide: Slide, reason: Reason) -> Iterator[_Entry]:
    return (_Entry(reason, slide.duration_ms, page, slide=slide) for page in range(slide.pages))


def _is_valid(slide: Slide, moment: Moment) -> bool:
    if isinstance(slide.content, UnknownContent):
        return False
    if slide.valid_from_ms is None and slide.valid_until_ms is None:
        return True
    if moment.clock is ClockState.UNKNOWN:
        return False
    until = FAR_MS if slide.valid_until_ms is None else slide.valid_until_ms
    return (slide.valid_from_ms or 0) <= moment.unix_ms < until


def _span(programme: _Programme, rules: Sequence[ScheduleRule], calm: Span) -> Span:
    """Return the time around the moment in which no alert, no rule and no validity of a slide changes."""
    if programme.moment.clock is ClockState.UNKNOWN:
        return calm
    now = programme.moment.unix_ms
    turns = [turn for rule in rules for turn in boundaries(rule, now, programme.zone)]
    used = {name for rule in rules if programme.applies(rule) for name in programme.playlists[rule.playlist].slides}
    for slide in (programme.slides[name] for name in used):
        turns += slide.valid_from_ms, slide.valid_until_ms
    past = [turn for turn in turns if turn is not None and turn <= now]
    future = [turn for turn in turns if turn is not None and turn > now]
    span = Span(max(past, default=None), min(future, default=FAR_MS)).within(calm)
    if span.since_ms is not None and span.since_ms < now - SIGHT_MS and any(rule.is_dated for rule in rules):
        # A rule may have turned after that, out of sight.
        return Span(None, span.until_ms)
    return span


def _at(loop: Sequence[_Entry], zone: Zone, unix_ms: int, span: Span) -> Showing:
    """Return the entry that a loop has reached at an instant."""
    if len(loop) == 1:
        return _showing(loop[0], zone, span)
    since = unix_ms - unix_ms % sum(entry.duration_ms for entry in loop)
    for entry in loop:
        if unix_ms < since + entry.duration_ms:
            break
        since += entry.duration_ms
    return _showing(entry, zone, Span(since, since + entry.duration_ms).within(span))


def _showing(entry: _Entry, zone: Zone, span: Span) -> Showing:
    return Showing(
        rectangle=zone.rectangle,
        reason=entry.reason,
        zone=zone.id,
        slide=entry.slide,
        alert=entry.phase.held.alert if entry.phase else None,
        form=AlertForm.SLIDE if entry.phase else None,
        page=entry.page,
        since_ms=span.since_ms,
        until_ms=_known(span.until_ms),
    )


def _known(instant: int) -> int | None:
    return None if instant >= FAR_MS else instant


@lru_cache(maxsize=64)
def _zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)
