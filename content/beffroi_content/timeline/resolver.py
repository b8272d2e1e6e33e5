"""``(manifest, alerts, moment) -> scene``: what is on in each zone, why, since when and until when.

Order of precedence: an emergency; an alert, except in its breathers; the end of either; then, in each zone, the
rules of the highest priority that have something to show; then the idle slide. A banner lies over all but a takeover.

Between two answers nothing is remembered but the tables of :mod:`beffroi_content.timeline.zone_table`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from beffroi_content.model import (
    AlertForm,
    AlertLevel,
    HeldAlert,
    LayoutZone,
    Manifest,
    Rectangle,
    Slide,
    banner_rectangle,
)
from beffroi_content.timeline import alerts as precedence
from beffroi_content.timeline.alerts import AlertPhase, AlertSlot
from beffroi_content.timeline.loops import LoopEntry, LoopPosition
from beffroi_content.timeline.moment import FAR_MS, ClockState, Moment, TimeSpan
from beffroi_content.timeline.scene import ReasonKind, Scene, Showing, ShowingReason
from beffroi_content.timeline.zone_table import ZoneTable as ZoneRules
from beffroi_content.timeline.zone_table import programme_tables

INFORMATION_MS = 12_000
"""How long a page of an information alert is on in each turn of the loop."""


def resolve_scene(
    manifest: Manifest | None, alerts: Sequence[HeldAlert], moment: Moment, size: tuple[int, int]
) -> Scene:
    """Return what is on at a moment.

    Args:
        manifest: The programme; None for a player that has none yet.
        alerts: Every alert that the player holds, of all scopes.
        moment: The instant, and how far its clock can be believed.
        size: Width and height of the upright screen in pixels, for what takes it over.
    """
    found = precedence.alert_phases(alerts, moment)
    full = Rectangle(width=size[0], height=size[1])
    over = precedence.takeover_slot(found, moment.unix_ms, has_programme=manifest is not None)
    if over is not None:
        return _build_scene([_alert_showing(over, full)])
    calm = precedence.undisturbed_span(found, moment.unix_ms)
    showings = _zone_showings(manifest, found, moment, calm) if manifest else _without_programme(found, moment, full)
    band = precedence.banner_slot(found, moment.unix_ms)
    if band is not None:
        showings.append(_alert_showing(band, banner_rectangle(size), calm))
    return _build_scene(showings, calm)


def scene_changes(
    manifest: Manifest | None, alerts: Sequence[HeldAlert], moment: Moment, size: tuple[int, int]
) -> Iterator[Scene]:
    """Yield the scene of a moment and those that follow it, until one has no known end."""
    scene = resolve_scene(manifest, alerts, moment, size)
    yield scene
    while scene.until_ms is not None:
        moment = moment.at(scene.until_ms)
        scene = resolve_scene(manifest, alerts, moment, size)
        yield scene


def _build_scene(showings: Sequence[Showing], calm: TimeSpan | None = None) -> Scene:
    ends = [showing.until_ms for showing in showings if showing.until_ms is not None]
    return Scene(tuple(showings), _known_end(min([*ends, calm.until_ms if calm else FAR_MS])))


def _alert_showing(slot: AlertSlot, rectangle: Rectangle, calm: TimeSpan | None = None) -> Showing:
    kind = ReasonKind.ALL_CLEAR if slot.form is AlertForm.ALL_CLEAR else ReasonKind.ALERT
    span = slot.span.intersect_with(calm) if calm else slot.span
    return Showing(
        rectangle=rectangle,
        reason=ShowingReason(kind),
        alert=slot.phase.held.alert,
        form=slot.form,
        page=slot.page,
        since_ms=span.since_ms,
        until_ms=_known_end(span.until_ms),
    )


def _without_programme(found: Sequence[AlertPhase], moment: Moment, full: Rectangle) -> list[Showing]:
    slot = precedence.information_slot(found, moment.unix_ms)
    return [_alert_showing(slot, full)] if slot else []


def _zone_showings(manifest: Manifest, found: Sequence[AlertPhase], moment: Moment, calm: TimeSpan) -> list[Showing]:
    programme = programme_tables(manifest)
    news = [
        LoopEntry(ShowingReason(ReasonKind.ALERT), INFORMATION_MS, phase.held.pages, phase=phase)
        for phase in precedence.active_phases(found, AlertLevel.INFORMATION, moment.unix_ms)
    ]
    main, *others = manifest.layout.zones
    return [
        _zone_showing(programme.zones[main.id], main, news, moment, calm),
        *(_zone_showing(programme.zones[zone.id], zone, [], moment, calm) for zone in others),
    ]


def _zone_showing(
    rules: ZoneRules, zone: LayoutZone, news: Sequence[LoopEntry], moment: Moment, calm: TimeSpan
) -> Showing:
    if moment.clock is ClockState.UNKNOWN:
        selection, around = rules.undated_selection(), calm
    else:
        selection, span, sight_ms = rules.selection_at(moment.unix_ms)
        around = span.intersect_with(calm)
        if span.since_ms is None and around.since_ms is not None and around.since_ms < sight_ms:
            # A rule may have turned after that, out of sight.
            around = TimeSpan(None, around.until_ms)
    position = rules.loop_of(selection, news).position_at(moment.unix_ms)
    return _showing_at(position, zone, moment, around)


def _showing_at(position: LoopPosition, zone: LayoutZone, moment: Moment, span: TimeSpan) -> Showing:
    turn = position.entry
    span = TimeSpan(position.since_ms, position.until_ms).intersect_with(span) if position.until_ms < FAR_MS else span
    page = (moment.unix_ms - position.began_ms) // turn.page_ms % turn.pages
    if turn.pages > 1:
        begin = position.began_ms + page * turn.page_ms
        span = TimeSpan(begin, begin + turn.page_ms).intersect_with(span)
    at_ms = _tick_instant(turn.slide, moment)
    if at_ms is not None and turn.slide and turn.slide.tick_ms:
        span = TimeSpan(at_ms, at_ms + turn.slide.tick_ms).intersect_with(span)
    return Showing(
        rectangle=zone.rectangle,
        reason=turn.reason,
        zone=zone.id,
        slide=turn.slide,
        alert=turn.phase.held.alert if turn.phase else None,
        form=AlertForm.SLIDE if turn.phase else None,
        page=page,
        at_ms=at_ms,
        since_ms=span.since_ms,
        until_ms=_known_end(span.until_ms),
    )


def _tick_instant(slide: Slide | None, moment: Moment) -> int | None:
    """Return the instant for which a slide that changes by itself is drawn."""
    if slide is None or slide.tick_ms is None or moment.clock is ClockState.UNKNOWN:
        return None
    return moment.unix_ms - moment.unix_ms % slide.tick_ms


def _known_end(instant: int) -> int | None:
    return None if instant >= FAR_MS else instant
