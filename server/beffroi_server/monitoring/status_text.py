"""Texts of a screen's state, problems and scene for pages, in the language of the reader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from beffroi_content import model as content
from beffroi_content.model import AlertForm
from beffroi_content.rendering import letter_check
from beffroi_content.timeline import ReasonKind, Scene, Showing
from beffroi_content.wire.reports import MachineDescription, NetworkStatus, PlayerReport, ShownPart
from beffroi_server.core.formatting import moment_since
from beffroi_server.schedule.compile_inputs import PLACED_ID
from beffroi_server.schedule.layouts import BAND_PREFIX

STATE_TEXTS = {
    "right": (gettext_lazy("showing as planned"), "calm", "online"),
    "pending": (gettext_lazy("updating"), "warn", "waiting"),
    "wrong": (gettext_lazy("needs attention"), "bad", "scenario"),
    "offline": (gettext_lazy("unreachable"), "bad", "offline"),
    "new": (gettext_lazy("not set up yet"), "warn", "waiting"),
}
"""By state: text, colour of the tag, icon."""
REASON_TEXTS = {
    "not-enrolled": gettext_lazy(
        "No player is enrolled for this screen. Open its enrolment page and type the command on the player."
    ),
    "no-report": gettext_lazy("Its player has not reported yet. Start it, and check that it can reach the broker."),
    "offline": gettext_lazy(
        "Its player is not connected and continues with what it has. Check power and network on site."
    ),
    "silent": gettext_lazy(
        "Nothing has come from its player for some minutes. Check power and network on site, and restart it."
    ),
    "programme-older": gettext_lazy("The latest programme has not arrived yet. A few seconds are normal."),
    "programme-preparing": gettext_lazy("It is preparing the latest programme, and shows the previous one until then."),
    "overlay": gettext_lazy(
        "Its name, a number or a test card is on it for a moment, as somebody asked. Alerts come before that."
    ),
    "alerts-older": gettext_lazy("The latest alerts have not arrived yet."),
    "frame-differs": gettext_lazy("The screen is not showing what it should. Check it, and restart its player."),
    "refusals": gettext_lazy("It rejected something in the last hour: see the details."),
    "player-problems": gettext_lazy("Its hardware has a problem: see the details."),
    "identity-clash": gettext_lazy(
        "Two players use this screen’s identity, as after copying a memory card: they push each other off, and alerts "
        "come late. Enrol one of them again, as a screen of its own."
    ),
    "clock-differs": gettext_lazy("Its clock and that of the server differ: see the details."),
    "zone-differs": gettext_lazy(
        "It changes to summer or winter time at another moment than the server: see the details."
    ),
    "clock-unknown": gettext_lazy("It does not know the time: dated content has to wait. Check its network."),
    "connection-polling": gettext_lazy(
        "The broker cannot be reached or passes nothing on; it polls the server every minute instead."
    ),
    "connection-lost": gettext_lazy("It can reach neither the broker nor the server."),
    "messages-malformed": gettext_lazy(
        "The server could not read some of its messages in the last hour. Update its player; if that does not help, "
        "revoke it and enrol it again."
    ),
    "messages-flood": gettext_lazy(
        "It sends far more messages than a player needs to; the server is dropping some. Restart its player; if it "
        "goes on, revoke it and enrol it again."
    ),
    "messages-quota": gettext_lazy(
        "It sent more plays or receipts within an hour than the server stores of one screen; the rest is requested "
        "again later. If it goes on, revoke its player and enrol it again."
    ),
    "messages-unstorable": gettext_lazy(
        "Some of its messages could not be stored in the last hour. Check that the server’s disk is not full."
    ),
}
"""By code of ``screen_overview.STATE_OF_REASON``: meaning and next step."""
PROBLEM_TEXTS = {
    "hot": gettext_lazy("It is hotter than 80 °C and is slowing down. Give it ventilation or shade."),
    "throttled": gettext_lazy("It is slowing down because of heat or a weak power supply."),
    "under-voltage": gettext_lazy(
        "Its power supply is too weak. Use the manufacturer’s power supply and a short cable."
    ),
    "memory-low": gettext_lazy("Its memory is nearly full. Restart its player; if it happens again, report it."),
    "disk-nearly-full": gettext_lazy("Its disk is nearly full: new content may not fit."),
    "disk-read-only": gettext_lazy("Its disk cannot be written to. Replace its memory card."),
    "disk-errors": gettext_lazy("Its file system has errors. Replace its memory card before it fails."),
    "storage-worn": gettext_lazy("Its built-in memory is nearly worn out. Plan to replace it."),
    "signal-weak": gettext_lazy("Its Wi-Fi signal is weak. Move it closer to the access point, or use a cable."),
    "cable": gettext_lazy("Its network was lost several times within an hour. Check the cable and both sockets."),
    "sound-missing": gettext_lazy(
        "No loudspeaker is found there: alerts are not heard. Connect one, or switch its sound off in the settings."
    ),
    "speech-missing": gettext_lazy(
        "It cannot speak: of alerts only the chime is heard. Install espeak-ng there, or switch speech off in the "
        "settings."
    ),
    "fonts-broken": gettext_lazy("Fonts are missing there: alerts may not be drawn. Install its package again."),
    "secrets-exposed": gettext_lazy(
        "Other accounts of that machine can read its secrets. Run “beffroi-player doctor” there: it says what to do."
    ),
}
"""By problem of a player's health: meaning and next step."""
VERDICT_TEXTS = {
    "equal": (gettext_lazy("identical to the pixel"), "calm", "exact"),
    "moves": (gettext_lazy("correct, except for moving parts"), "calm", "online"),
    "dimmed": (gettext_lazy("correct, dimmed to %(percent)d %%"), "calm", "online"),
    "differs": (gettext_lazy("not as planned"), "bad", "scenario"),
    "outdated": (gettext_lazy("not compared: the screen has received something else since"), "warn", "waiting"),
    "unknown": (gettext_lazy("not compared"), "warn", "waiting"),
}
"""By verdict on a screen capture: text, colour of the tag, icon."""
GOOD_DBM, FAIR_DBM = -65, -75
"""Signal strength of a wireless network from which it is strong, and good enough."""


def verdict_text(code: str, brightness: int) -> dict[str, str]:
    """Return text, colour and icon of the verdict on a screen capture.

    Args:
        code: One of ``VERDICT_TEXTS``.
        brightness: Percent, for a dimmed screen.
    """
    label, colour, icon = VERDICT_TEXTS[code]
    text = str(label) % {"percent": brightness} if code == "dimmed" else str(label)
    return {"code": code, "text": text, "colour": colour, "icon": icon}


def shown_names(parts: Iterable[ShownPart], slides: Mapping[str, str], alerts: Mapping[str, str]) -> str:
    """Return the names of the parts that a player reports: ``La piscine rouvre + Alerte : crue``."""
    return " + ".join(dict.fromkeys(_reported_name(part, slides, alerts) for part in parts))


def _reported_name(part: ShownPart, slides: Mapping[str, str], alerts: Mapping[str, str]) -> str:
    if part.alert is not None:
        return alerts.get(part.alert, part.alert)
    return slides.get(part.slide or "", part.slide or "")


def health_lines(report: PlayerReport | None) -> list[tuple[str, str]]:
    """Return names and values of a player's network, storage, errors and hardware, as far as it reports them."""
    if report is None:
        return []
    found = []
    if report.health is not None:
        found += [
            (_("Network"), _network_text(report.health.network)),
            (_("Built-in memory"), _wear_text(report.health.storage_used_percent)),
            (_("File system errors"), str(report.health.disk_errors or "")),
            (_("Damaged video frames"), str(report.health.decode_errors or "")),
        ]
    if report.machine is not None:
        machine = report.machine
        system = " · ".join(filter(None, (machine.system, machine.kernel)))
        versions = (machine.python and f"Python {machine.python}", machine.graphics, machine.drawing)
        software = " · ".join(filter(None, versions))
        found += [(_("Machine"), machine.model), (_("System"), system), (_("Software"), software)]
    return [(name, text) for name, text in found if text]


def _network_text(network: NetworkStatus | None) -> str:
    if network is None:
        return ""
    parts = [_("Wi-Fi") if network.kind == "wireless" else _("cable")]
    if network.speed_mbps is not None:
        parts.append(_("%(speed)d Mbit/s") % {"speed": network.speed_mbps})
    if network.signal_dbm is not None:
        parts.append(f"{_signal_text(network.signal_dbm)} ({network.signal_dbm} dBm)")
    if network.cuts:
        cuts = ngettext("lost %(count)d time since start-up", "lost %(count)d times since start-up", network.cuts)
        parts.append(cuts % {"count": network.cuts})
    return f"{network.interface}, {', '.join(parts)}"


def _signal_text(dbm: int) -> str:
    return _("strong") if dbm >= GOOD_DBM else _("sufficient") if dbm >= FAIR_DBM else _("weak")


def _wear_text(percent: int | None) -> str:
    if percent is None:
        return ""
    if percent > 100:
        return _("used beyond the manufacturer’s guarantee")
    return _("up to %(percent)d %% of its lifetime used") % {"percent": percent}


def problem_texts(problems: Iterable[str]) -> list[str]:
    """Return the texts of a player's problems; one that only a newer version knows is returned as it is."""
    return [str(PROBLEM_TEXTS.get(problem, problem)) for problem in problems]


def letters_problem(machine: MachineDescription | None) -> str:
    """Return how a player that draws Arabic and Hebrew otherwise than this server differs; empty if it does not."""
    if machine is None or machine.right_to_left in (None, letter_check.right_to_left_digest()):
        return ""
    theirs, ours = machine.drawing, letter_check.drawing_libraries()
    if theirs.endswith(letter_check.NO_FRIBIDI):
        return _(
            "Arabic and Hebrew look different on this screen than in previews: libfribidi is missing on its player. "
            "Install it there (apt install libfribidi0) and restart the player."
        )
    if ours.endswith(letter_check.NO_FRIBIDI):
        return _(
            "Arabic and Hebrew look different in previews than on this screen: libfribidi is missing on the server. "
            "Install it there (apt install libfribidi0) and restart the server."
        )
    return _(
        "Arabic and Hebrew look different on this screen than in previews: it draws with %(theirs)s, the server with "
        "%(ours)s. Update the older of the two."
    ) % {"theirs": theirs or "?", "ours": ours}


def state_text(code: str, since: dt.datetime | None = None) -> dict[str, str]:
    """Return text, colour and icon of a state: “unreachable since 12:03”."""
    label, colour, icon = STATE_TEXTS[code]
    text = str(label)
    if since is not None:
        text = f"{text} {moment_since(since)}"
    return {"code": code, "text": text, "colour": colour, "icon": icon}


def scene_names(scene: Scene) -> str:
    """Return the names of the parts of a scene: ``La piscine rouvre``. Bands are not named: they are always there."""
    shown = [each for each in scene.showings if each.slide is None or not each.slide.id.startswith(BAND_PREFIX)]
    return " + ".join(_showing_name(showing) for showing in shown)


def scene_reason(scene: Scene, manifest: content.Manifest) -> str:
    """Return the reason of a scene as a sentence; an alert counts before the slide that it covers."""
    if not scene.showings:
        return ""
    showing = next((showing for showing in scene.showings if showing.alert), scene.showings[0])
    if showing.reason.kind is ReasonKind.ALL_CLEAR:
        return _("The alert has ended: “end of alert” is shown.")
    if showing.reason.kind is ReasonKind.ALERT:
        return _("An alert is being broadcast.")
    if showing.reason.kind is ReasonKind.IDLE:
        return _("Nothing is scheduled at the moment: the name of the town is shown.")
    if showing.reason.rule == PLACED_ID:
        return _("Published directly.")
    rules = {rule.id: rule.name for rule in manifest.rules}
    playlists = {playlist.id: playlist.name for playlist in manifest.playlists}
    names = {
        "rule": rules.get(showing.reason.rule or "", "?"),
        "playlist": playlists.get(showing.reason.playlist or "", "?"),
    }
    return _("Rule “%(rule)s”, playlist “%(playlist)s”.") % names


def _showing_name(showing: Showing) -> str:
    if showing.alert is not None:
        over = showing.form is AlertForm.ALL_CLEAR
        return _("End of alert: %(title)s") % {"title": showing.alert.title} if over else showing.alert.title
    name = showing.slide.name if showing.slide is not None else ""
    pages = showing.slide.pages if showing.slide is not None else 1
    return _("%(name)s (page %(page)d)") % {"name": name, "page": showing.page + 1} if pages > 1 else name
