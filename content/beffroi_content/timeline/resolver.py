"""``(manifest, alerts, moment) -> scene``: what is on in each zone, why, since when and until when.

Order of precedence: an emergency; an alert, except in its breathers; the end of either; then, in each zone, the
rules of the highest priority that have something to show; then the idle slide. A banner lies over all but a takeover.

Between two answers nothing is remembered but the tables of :mod:`beffroi_content.timeline.programme`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from beffroi_content.model import (
    AlertForm,
    AlertLevel,
    HeldAlert,
    Manifest,
    Rectangle,
    Slide,
    Zone,
    banner_rectangle,
)
from beffroi_content.timeline import alerts as precedence
from beffroi_content.timeline.alerts import AlertSlot, Phase
from beffroi_content.timeline.loops import Position, Turn
from beffroi_content.timeline.moment import FAR_MS, ClockState, Moment, Span
from beffroi_content.timeline.programme import Zone as ZoneRules
from beffroi_content.timeline.programme import programme_of
from beffroi_content.timeline.scene import Reason, ReasonKind, Scene, Showing

INFORMATION_MS = 12_000
"""How long a page of an information alert is on in each turn of the loop."""


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
    programme = programme_of(manifest)
    news = [
        Turn(Reason(ReasonKind.ALERT), INFORMATION_MS, phase.held.pages, phase=phase)
        for phase in precedence.active(found, AlertLevel.INFORMATION, moment.unix_ms)
    ]
    main, *others = manifest.layout.zones
    return [
        _zone_showing(programme.zones[main.id], main, news, moment, calm),
        *(_zone_showing(programme.zones[zone.id], zone, [], moment, calm) for zone in others),
    ]


def _zone_showing(rules: ZoneRules, zone: Zone, news: Sequence[Turn], moment: Moment, calm: Span) -> Showing:
    if moment.clock is ClockState.UNKNOWN:
        selection, around = rules.undated(), calm
    else:
        selection, span, sight_ms = rules.at(moment.unix_ms)
        around = span.within(calm)
        if span.since_ms is None and around.since_ms is not None and around.since_ms < sight_ms:
            # A rule may have turned after that, out of sight.
            around = Span(None, around.until_ms)
    position = rules.track(selection, news).at(moment.unix_ms)
    return _showing(position, zone, moment, around)


def _showing(position: Position, zone: Zone, moment: Moment, span: Span) -> Showing:
    turn = position.turn
    span = Span(position.since_ms, position.until_ms).within(span) if position.until_ms < FAR_MS else span
    page = (moment.unix_ms - position.began_ms) // turn.page_ms % turn.pages
    if turn.pages > 1:
        begin = position.began_ms + page * turn.page_ms
        span = Span(begin, begin + turn.page_ms).within(span)
    at_ms = _tick(turn.slide, moment)
    if at_ms is not None and turn.slide and turn.slide.tick_ms:
        span = Span(at_ms, at_ms + turn.slide.tick_ms).within(span)
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
        until_ms=_known(span.until_ms),
    )


def _tick(slide: Slide | None, moment: Moment) -> int | None:
    """Return the instant for which a slide that changes by itself is drawn."""
    if slide is None or slide.tick_ms is None or moment.clock is ClockState.UNKNOWN:
        return None
    return moment.unix_ms - moment.unix_ms % slide.tick_ms


def _known(instant: int) -> int | None:
    return None if instant >= FAR_MS else instant
