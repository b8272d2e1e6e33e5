"""What may be heard at a screen, and what became of its last sound, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_content.wire.reports import PlayerReport
from beffroi_server.core.formatting import format_hour, from_milliseconds, moment_at
from beffroi_server.fleet.models import Screen

OUTCOME_TEXTS = {
    "played": gettext_lazy("played"),
    "chime-only": gettext_lazy("only the chime was played"),
    "quiet-hours": gettext_lazy("not played, because of the hours"),
    "no-device": gettext_lazy("not played: its loudspeaker cannot be used"),
    "timed-out": gettext_lazy("ended, since it lasted too long"),
    "stopped": gettext_lazy("ended early: the alert was over, or a graver one came"),
    "failed": gettext_lazy("not played: its player could not play it"),
}
"""By outcome of a report."""


def sound_lines(screen: Screen) -> Iterator[str]:
    """Yield what may be heard at a screen: one line where it is silent."""
    yield str(screen.get_sound_level_display())
    if not screen.sound_level:
        return
    values = {"percent": screen.sound_volume}
    yield (
        _("chime and voice, %(percent)d %% at most") % values
        if screen.sound_speech
        else _("chime without voice, %(percent)d %% at most") % values
    )
    if screen.sound_from is None or screen.sound_until is None:
        yield _("at any hour")
        return
    hours = {"start": format_hour(screen.sound_from), "end": format_hour(screen.sound_until)}
    yield (
        _("from %(start)s to %(end)s, emergencies at any hour") % hours
        if screen.sound_at_night
        else _("from %(start)s to %(end)s") % hours
    )


def last_sound(report: PlayerReport | None, alerts: Mapping[str, str]) -> tuple[str, str]:
    """Return what became of the last sound of a screen, and what the machine said of it; empty where none is known.

    Args:
        report: Of its player.
        alerts: Titles of alerts, by identifier.
    """
    if report is None or report.sound is None:
        return "", ""
    sound = report.sound
    when = from_milliseconds(sound.at_ms)
    name = _("Trial") if sound.alert is None else alerts.get(sound.alert, _("Alert"))
    text = _("%(name)s %(when)s: %(outcome)s") % {
        "name": name,
        "when": moment_at(when) if when is not None else "",
        "outcome": str(OUTCOME_TEXTS.get(sound.outcome, sound.outcome)),
    }
    return text, sound.detail
