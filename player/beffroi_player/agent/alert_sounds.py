"""Sounds of alerts: which alert is to be heard now, by what the stage says that it shows.

A sound follows the screen and never leads it: an alert is heard once it is shown, and for nothing else. It is heard
when it is shown first, and every ten minutes as long as it lasts, within the hours that the town has signed; its end is
heard once where the alert was. Of several alerts the gravest and newest is heard. What was heard is on the disk, so
that a player that is started anew does not begin again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from beffroi_content.model import (
    Alert,
    AlertForm,
    AlertLevel,
    AlertSound,
    AlertStatus,
    HeldAlert,
    ScreenSettings,
)
from beffroi_content.raster.text.phrases import status_phrases
from beffroi_content.spoken_alert import speakable, spoken_alert
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.timeline.alerts import AlertPhase, alert_phases
from beffroi_content.timeline.calendar import local_time, time_zone_of
from beffroi_content.wire.reports import SoundResult
from beffroi_player.agent.storage import PlayedSounds
from beffroi_player.backoff import retry_delay
from beffroi_player.sound.requests import LONGEST_S, SoundOutcome, SoundRequest
from beffroi_player.state.directories import PresentedStatus
from beffroi_player.state.model_file import ModelFile

log = logging.getLogger(__name__)

REPEAT_MS = 600_000
"""The least time between two sounds of an alert that lasts: who passes hears it, and who lives there can bear it."""
RECENT_MS = 120_000
"""An alert that was on the screen within this time takes turns with others, and is as good as shown."""
FIRST_RETRY_S, LONGEST_RETRY_S = 5.0, 900.0
"""A machine without a loudspeaker is not asked for one all the time."""
MOST_REMEMBERED = 64
_TRIAL_MS = 60_000
"""A trial that could not be played for so long is forgotten."""


class SoundPlayer(Protocol):
    """Plays one sound at a time, and is never waited for."""

    @property
    def is_playing(self) -> bool:
        """Whether a sound was started of which nobody has taken the outcome."""

    def start(self, request: SoundRequest) -> None:
        """Start a sound."""

    def take_outcome(self) -> tuple[SoundOutcome, str] | None:
        """Return what became of the sound, once."""

    def stop(self) -> None:
        """End the sound at once."""


@dataclass(frozen=True, slots=True)
class AudibleAlert:
    """An alert on the screen that may be heard, or its end."""

    phase: AlertPhase
    is_over: bool

    @property
    def alert(self) -> Alert:
        """The alert itself."""
        return self.phase.held.alert

    @property
    def key(self) -> str:
        """What is heard once: this text of this alert, or its end."""
        return sound_key(self.alert) + ("#over" if self.is_over else "")

    @property
    def precedence(self) -> tuple[bool, bool, int]:
        """The order among what may be heard: of two, the greater one ends the sound of the other."""
        return (not self.is_over, *self.phase.precedence)

    @property
    def order(self) -> tuple[tuple[bool, bool, int], int, str]:
        """The same, and among equals the newest."""
        return self.precedence, self.alert.issued_at_ms, self.alert.id


class _Sounding(NamedTuple):
    """A sound that is being played; without an alert it is a trial."""

    audible: AudibleAlert | None
    began_ms: int
    """Milliseconds since boot."""
    at_ms: int
    """Unix time."""
    before_ms: int | None
    """When this alert was heard before."""


def sound_key(alert: Alert) -> str:
    """Return what tells this text of an alert from another: a correction is heard again, a later end is not."""
    return alert.id if alert.corrected_at_ms is None else f"{alert.id}@{alert.corrected_at_ms}"


def audible_alerts(
    presented: PresentedStatus, phases: Iterable[AlertPhase], sound: AlertSound, unix_ms: int
) -> list[AudibleAlert]:
    """Return the alerts on the screen that a screen with these settings may let be heard at some hour."""
    if presented.overlay:
        return []
    shown = {(part.alert, part.form is AlertForm.ALL_CLEAR) for part in presented.showings if part.alert}
    by_id = {phase.held.alert.id: phase for phase in phases}
    return [
        AudibleAlert(by_id[name], is_over)
        for name, is_over in shown
        if name in by_id and sound.is_audible(by_id[name].level) and by_id[name].is_active(unix_ms) is not is_over
    ]


def request_for(audible: AudibleAlert, settings: ScreenSettings, sound: AlertSound) -> SoundRequest:
    """Return the sound of an alert on a screen."""
    alert = audible.alert
    form = AlertForm.ALL_CLEAR if audible.is_over else AlertForm.TAKEOVER
    is_practice = alert.status is not AlertStatus.ACTUAL
    is_emergency = alert.level is AlertLevel.EMERGENCY
    name = (
        "all-clear" if audible.is_over
        else "exercise" if is_practice
        else "emergency" if is_emergency
        else "alert"
    )  # fmt: skip
    texts = spoken_alert(alert, form, settings.languages, settings.locale, settings.time_zone) if sound.speech else ()
    return SoundRequest(name, sound.volume, tuple((each.language, each.text) for each in texts if each.text))


def trial_request(settings: ScreenSettings, sound: AlertSound) -> SoundRequest:
    """Return the sound of a trial, which says that it is one."""
    word, sentence = status_phrases(AlertStatus.TEST, settings.locale)
    text = f"{speakable(word.capitalize(), settings.locale)} {speakable(sentence, settings.locale)}"
    return SoundRequest("trial", sound.volume, ((settings.locale, text),) if sound.speech else ())


class AlertSounds:
    """Lets alerts be heard. Belongs to the reporting thread, except for ``request_trial``.

    Args:
        held: Returns every alert that is held.
        settings: Returns the settings of the screen; None without a programme.
        now: Returns the present moment.
        player: Plays.
        file: What was heard.
    """

    def __init__(
        self, held: Callable[[], Iterable[HeldAlert]], settings: Callable[[], ScreenSettings | None],
        now: Callable[[], Moment], player: SoundPlayer, file: ModelFile[PlayedSounds],
    ) -> None:  # fmt: skip
        self._held, self._settings, self._now, self._player, self._file = held, settings, now, player, file
        stored = file.read()
        self._played: dict[str, int] = dict(stored.played) if stored else {}
        self._sounding: _Sounding | None = None
        self._recent: dict[str, tuple[AudibleAlert, int]] = {}
        """Alerts that were on the screen, with the uptime at which they were last."""
        self._trial_asked_ms: int | None = None
        self._failures, self._retry_ms, self._failed_key = 0, 0.0, ""
        self.last_result: SoundResult | None = None
        """What became of the last sound, for the report."""

    def request_trial(self) -> bool:
        """Let a trial be heard soon. Return False where the town lets nothing be heard here. From any thread."""
        settings = self._settings()
        if settings is None or settings.alert_sound is None:
            return False
        self._trial_asked_ms = self._now().uptime_ms
        return True

    def follow(self, presented: PresentedStatus | None) -> None:
        """Let be heard what is due, and end what is over. Called again and again; waits for nothing."""
        now, settings = self._now(), self._settings()
        self._take_outcome(now)
        sound = settings.alert_sound if settings is not None else None
        if settings is None or sound is None:
            self._stop(now, "the town has switched the sound off")
            return
        phases = alert_phases(self._held(), now)
        shown = audible_alerts(presented, phases, sound, now.unix_ms) if presented is not None else []
        best = self._best_of(shown, phases, now)
        self._stop_outdone(best, phases, settings, now)
        if self._sounding is not None:
            return
        if best is not None and self._is_due(best, now):
            if self._is_permitted(best, settings, now):
                self._start(request_for(best, settings, sound), best, now)
                return
            self._note_quiet_hours(best, now)
        if self._trial_asked_ms is not None:
            asked_ms, self._trial_asked_ms = self._trial_asked_ms, None
            if now.uptime_ms - asked_ms < _TRIAL_MS:
                self._start(trial_request(settings, sound), None, now)

    def stop(self) -> None:
        """End whatever is heard."""
        self._stop(self._now(), "the player was ended")

    def _best_of(self, shown: list[AudibleAlert], phases: Iterable[AlertPhase], now: Moment) -> AudibleAlert | None:
        """Return the alert that counts, if it is on the screen: alerts take turns there."""
        self._recent |= {each.key: (each, now.uptime_ms) for each in shown}
        current = {sound_key(phase.held.alert): phase for phase in phases}
        self._recent = {
            key: (each, seen_ms)
            for key, (each, seen_ms) in self._recent.items()
            if 0 <= now.uptime_ms - seen_ms < RECENT_MS and _still_holds(each, current, now.unix_ms)
        }
        best = max((each for each, _ in self._recent.values()), key=lambda each: each.order, default=None)
        return best if best is not None and best.key in {each.key for each in shown} else None

    def _stop_outdone(
        self, best: AudibleAlert | None, phases: Iterable[AlertPhase], settings: ScreenSettings, now: Moment
    ) -> None:
        """End a sound whose alert is over, and one that something graver interrupts."""
        if self._sounding is None:
            return
        sounding = self._sounding.audible
        current = {sound_key(phase.held.alert): phase for phase in phases}
        if now.uptime_ms - self._sounding.began_ms > 1000 * LONGEST_S:
            self._stop(now, f"it lasted longer than {LONGEST_S:.0f} seconds", SoundOutcome.TIMED_OUT)
        elif sounding is not None and not _still_holds(sounding, current, now.unix_ms):
            self._stop(now, "the alert was over")
        elif best is None or not self._is_due(best, now) or not self._is_permitted(best, settings, now):
            return
        elif sounding is None or best.precedence > sounding.precedence:
            self._stop(now, "a graver alert came")

    def _is_due(self, audible: AudibleAlert, now: Moment) -> bool:
        if audible.key == self._failed_key and now.uptime_ms < self._retry_ms:
            return False
        last_ms = self._played.get(audible.key)
        if audible.is_over:
            alert = audible.alert
            return last_ms is None and any(key.split("@")[0] in alert.texts for key in self._played)
        # Later than now: a clock was set.
        return last_ms is None or not 0 <= now.unix_ms - last_ms < REPEAT_MS

    def _is_permitted(self, audible: AudibleAlert, settings: ScreenSettings, now: Moment) -> bool:
        is_known = now.clock is not ClockState.UNKNOWN
        local = local_time(now.unix_ms, time_zone_of(settings.time_zone)).time() if is_known else None
        sound, phase = settings.alert_sound, audible.phase
        return sound is not None and sound.permits(phase.level, local, is_genuine=phase.is_genuine)

    def _note_quiet_hours(self, audible: AudibleAlert, now: Moment) -> None:
        before = self.last_result
        if before is None or (before.alert, before.outcome) != (audible.alert.id, SoundOutcome.QUIET_HOURS):
            self._note(SoundOutcome.QUIET_HOURS, "", audible, now.unix_ms)

    def _start(self, request: SoundRequest, audible: AudibleAlert | None, now: Moment) -> None:
        before_ms = self._played.get(audible.key) if audible is not None else None
        self._sounding = _Sounding(audible, now.uptime_ms, now.unix_ms, before_ms)
        try:
            self._player.start(request)
        except OSError as error:
            self._end(SoundOutcome.FAILED, str(error), now)
            return
        if audible is not None:
            # After it was started: the disk may be slow.
            self._remember(audible.key, now.unix_ms)

    def _take_outcome(self, now: Moment) -> None:
        if self._sounding is not None and (outcome := self._player.take_outcome()) is not None:
            self._end(*outcome, now)

    def _stop(self, now: Moment, why: str, outcome: SoundOutcome = SoundOutcome.STOPPED) -> None:
        if self._sounding is not None:
            self._player.stop()
            self._end(outcome, why, now)

    def _end(self, outcome: SoundOutcome, detail: str, now: Moment) -> None:
        assert self._sounding is not None
        ended, self._sounding = self._sounding, None
        key = ended.audible.key if ended.audible is not None else ""
        if outcome.was_played or outcome is SoundOutcome.STOPPED:
            self._failures, self._failed_key = 0, ""
        elif key:
            # It was not heard, and is tried again.
            self._failures = self._failures + 1 if key == self._failed_key else 0
            self._failed_key = key
            delay_s = retry_delay(self._failures, FIRST_RETRY_S, LONGEST_RETRY_S)
            self._retry_ms = now.uptime_ms + 1000 * delay_s
            self._remember(key, ended.before_ms)
        self._note(outcome, detail, ended.audible, ended.at_ms)

    def _note(self, outcome: SoundOutcome, detail: str, audible: AudibleAlert | None, at_ms: int) -> None:
        name = audible.alert.id if audible is not None else None
        before, self.last_result = (
            self.last_result,
            SoundResult(alert=name, at_ms=max(0, at_ms), outcome=outcome.value, detail=detail[:300]),
        )
        # A machine without a loudspeaker says so once, not at each try.
        if before is None or (before.alert, before.outcome) != (name, outcome.value):
            log.info("sound of %s: %s %s", name or "a trial", outcome, detail, extra={"ALERT": name or ""})

    def _remember(self, key: str, at_ms: int | None) -> None:
        self._played.pop(key, None)
        if at_ms is not None:
            self._played[key] = max(0, at_ms)
        for name in list(self._played)[:-MOST_REMEMBERED]:
            del self._played[name]
        try:
            self._file.write(PlayedSounds(played=self._played))
        except OSError as error:
            log.warning("sounds would begin again after a restart: %s", error)


def _still_holds(audible: AudibleAlert, current: Mapping[str, AlertPhase], unix_ms: int) -> bool:
    """Tell whether an alert is on still, or “end of alert” is."""
    phase = current.get(sound_key(audible.alert))
    return phase is not None and phase.is_active(unix_ms) is not audible.is_over
