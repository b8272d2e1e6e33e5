"""Resolution of a manifest, alerts and a moment to a scene: the page of each zone, its reason and its span.

Order of precedence: an emergency; an alert, except while the loop resumes; the end of either; then, in each zone, the
rules of the highest priority that have something to show; then the idle slide. A banner lies over all but a takeover.
While alerts take the screen over again and again, information alerts have every second interval between them: the loop
comes to them at certain times only, which might all be those of a takeover.

Between two answers nothing is remembered but the tables of :mod:`beffroi_content.timeline.zone_table`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

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
from beffroi_content.timeline.zone_table import ZoneTable, programme_tables

INFORMATION_MS = 12_000
"""How long a page of an information alert is shown at least, each time the loop comes to it."""


def resolve_scene(
    manifest: Manifest | None, alerts: Sequence[HeldAlert], moment: Moment, size: tuple[int, int]
) -> Scene:
    """Return the scene of a moment: what is shown in each rectangle of the screen.

    Args:
        manifest: The programme; None for a player that has none yet.
        alerts: Every alert that the player holds, of all scopes.
        moment: The instant, and how far its clock can be believed.
        size: Width and height of the upright screen in pixels, for what takes it over.
    """
    found = precedence.alert_phases(alerts, moment)
    full = Rectangle(width=size[0], height=size[1])
    over = precedence.takeover_slot(found, moment.unix_ms, has_programme=manifest is not None)
    calm = TimeSpan(None, precedence.next_planned_start(alerts, moment))
    if over is not None:
        return _build_scene([_alert_showing(over, full)], calm)
    undisturbed = precedence.undisturbed_span(found, moment.unix_ms).intersect_with(calm)
    showings = (
        _zone_showings(manifest, found, moment, undisturbed) if manifest else _without_programme(found, moment, full)
    )
    band = precedence.banner_slot(found, moment.unix_ms)
    if band is not None:
        showings.append(_alert_showing(band, banner_rectangle(size), undisturbed))
    return _build_scene(showings, undisturbed)


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


def _build_scene(showings: Sequence[Showing], undisturbed: TimeSpan | None = None) -> Scene:
    ends = [showing.until_ms for showing in showings if showing.until_ms is not None]
    return Scene(tuple(showings), _known_end(min([*ends, undisturbed.until_ms if undisturbed else FAR_MS])))


def _alert_showing(slot: AlertSlot, rectangle: Rectangle, undisturbed: TimeSpan | None = None) -> Showing:
    kind = ReasonKind.ALL_CLEAR if slot.form is AlertForm.ALL_CLEAR else ReasonKind.ALERT
    span = slot.span.intersect_with(undisturbed) if undisturbed else slot.span
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


def _zone_showings(
    manifest: Manifest, found: Sequence[AlertPhase], moment: Moment, undisturbed: TimeSpan
) -> list[Showing]:
    tables = programme_tables(manifest)
    information = [
        _information_entry(phase) for phase in precedence.active_phases(found, AlertLevel.INFORMATION, moment.unix_ms)
    ]
    # Information alerts enter the loop of the first zone only: they would be on several times at once otherwise.
    main, *others = manifest.layout.zones
    between = _information_between(found, main, moment.unix_ms)
    return [
        between or _zone_showing(tables.zones[main.id], main, information, moment, undisturbed),
        *(_zone_showing(tables.zones[zone.id], zone, [], moment, undisturbed) for zone in others),
    ]


def _information_entry(phase: AlertPhase) -> LoopEntry:
    visits = precedence.page_visits(phase.held)
    longest = max(INFORMATION_MS, *(visit.ms for visit in visits))
    order = tuple(visit.page for visit in visits)
    return LoopEntry(ShowingReason(ReasonKind.ALERT), longest, len(visits), phase=phase, order=order)


def _information_between(found: Sequence[AlertPhase], main: LayoutZone, unix_ms: int) -> Showing | None:
    """Return the page of an information alert that has the present interval between two takeovers, if one has."""
    present = precedence.active_phases(found, AlertLevel.INFORMATION, unix_ms)
    gap = precedence.takeover_gap(found, unix_ms)
    if not present or gap is None or gap.number % 2 == 0:
        return None
    pages = [(phase, page) for phase in present for page in range(phase.held.pages)]
    phase, page = pages[gap.number // 2 % len(pages)]
    around = TimeSpan(precedence.last_change(found, unix_ms), precedence.next_change(found, unix_ms))
    slot = AlertSlot(phase, AlertForm.SLIDE, page, gap.span.intersect_with(around))
    return replace(_alert_showing(slot, main.rectangle), zone=main.id)


def _zone_showing(
    rules: ZoneTable, zone: LayoutZone, information: Sequence[LoopEntry], moment: Moment, undisturbed: TimeSpan
) -> Showing:
    if moment.clock is ClockState.UNKNOWN:
        selection, around = rules.undated_selection(), undisturbed
    else:
        selection, span, sight_ms = rules.selection_at(moment.unix_ms)
        around = span.intersect_with(undisturbed)
        if span.since_ms is None and around.since_ms is not None and around.since_ms < sight_ms:
            # The selection holds since before the table looks back, so “since the last alert ended” would be a guess:
            # another selection may have held in between.
            around = TimeSpan(None, around.until_ms)
    position = rules.loop_of(selection, information).position_at(moment.unix_ms)
    return _showing_at(position, zone, moment, around)


def _showing_at(position: LoopPosition, zone: LayoutZone, moment: Moment, span: TimeSpan) -> Showing:
    entry = position.entry
    span = TimeSpan(position.since_ms, position.until_ms).intersect_with(span) if position.until_ms < FAR_MS else span
    # The page counts from the first page of the entry, not from the piece that an interjection left of it.
    turn = (moment.unix_ms - position.began_ms) // entry.page_ms % entry.pages
    if entry.pages > 1:
        begin = position.began_ms + turn * entry.page_ms
        span = TimeSpan(begin, begin + entry.page_ms).intersect_with(span)
    at_ms = _tick_instant(entry.slide, moment)
    if at_ms is not None and entry.slide and entry.slide.tick_ms:
        span = TimeSpan(at_ms, at_ms + entry.slide.tick_ms).intersect_with(span)
    return Showing(
        rectangle=zone.rectangle,
        reason=entry.reason,
        zone=zone.id,
        slide=entry.slide,
        alert=entry.phase.held.alert if entry.phase else None,
        form=AlertForm.SLIDE if entry.phase else None,
        page=entry.page_at(turn),
        at_ms=at_ms,
        since_ms=span.since_ms,
        until_ms=_known_end(span.until_ms),
    )


def _tick_instant(slide: Slide | None, moment: Moment) -> int | None:
    """Return the instant for which a slide that changes by itself is drawn; None for others, or without a clock."""
    if slide is None or slide.tick_ms is None or moment.clock is ClockState.UNKNOWN:
        return None
    return moment.unix_ms - moment.unix_ms % slide.tick_ms


def _known_end(instant: int) -> int | None:
    return None if instant >= FAR_MS else instant
