"""What a screen shows, and what is not as it should be, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from beffroi_content import model as content
from beffroi_content.model import AlertForm
from beffroi_content.timeline import ReasonKind, Scene, Showing
from beffroi_content.wire.reports import NetworkStatus, PlayerReport, ShownPart

STATE_TEXTS = {
    "right": (gettext_lazy("shows what it must"), "calm", "online"),
    "pending": (gettext_lazy("is catching up"), "warn", "waiting"),
    "wrong": (gettext_lazy("needs a look"), "bad", "scenario"),
    "offline": (gettext_lazy("not reachable"), "bad", "offline"),
    "new": (gettext_lazy("not set up yet"), "warn", "waiting"),
}
"""By state: words, colour of the tag, icon."""
REASON_TEXTS = {
    "not-enrolled": gettext_lazy(
        "No player is enrolled as this screen. Open its enrolment and type the command there."
    ),
    "no-report": gettext_lazy("Its player has not reported yet. Start it, and look whether it reaches the broker."),
    "offline": gettext_lazy(
        "Its player is not connected; it goes on with what it has. Look at power and network there."
    ),
    "silent": gettext_lazy("Connected, but silent for minutes. Restart its player."),
    "programme-older": gettext_lazy("The newest programme has not arrived yet. Seconds are normal."),
    "programme-preparing": gettext_lazy("It prepares the newest programme, and shows the one before until then."),
    "alerts-older": gettext_lazy("The newest alerts have not arrived yet."),
    "picture-differs": gettext_lazy("What is on the glass is not what it must be. Look at it, and restart its player."),
    "refusals": gettext_lazy("It refused something within the last hour: see the details."),
    "ailing": gettext_lazy("Its machine is not well: see the facts."),
    "clock-unknown": gettext_lazy("It does not know the time: dated content waits. Look at its network."),
    "link-polling": gettext_lazy("The broker does not reach it; it asks the server every minute instead."),
    "link-lost": gettext_lazy("It reaches neither broker nor server."),
}
"""By code of ``queries.REASONS``: what it means, and the next step."""


PROBLEM_TEXTS = {
    "hot": gettext_lazy("It is hotter than 80 °C and makes itself slower. Give it air or shade."),
    "throttled": gettext_lazy("It makes itself slower, from heat or a weak supply."),
    "under-voltage": gettext_lazy("Its supply is too weak. Use the supply of its maker, and a short cable."),
    "memory-low": gettext_lazy("Its memory is nearly full. Restart its player; if that recurs, tell us."),
    "disk-nearly-full": gettext_lazy("Its disk is nearly full: new content may not reach it."),
    "disk-read-only": gettext_lazy("Its disk takes nothing more. Replace its memory card."),
    "disk-errors": gettext_lazy("Its file system has met errors. Replace its memory card before it fails."),
    "storage-worn": gettext_lazy("Its built-in memory is nearly worn out. Plan to replace it."),
    "signal-weak": gettext_lazy(
        "Its radio hears the network badly. Move it nearer to the access point, or lay a cable."
    ),
    "cable": gettext_lazy("Its network was gone several times within an hour. Look at the cable and at both sockets."),
}
"""By problem of the health: what it means, and the next step."""


VERDICT_TEXTS = {
    "equal": (gettext_lazy("equal to the pixel"), "calm", "exact"),
    "moves": (gettext_lazy("right, but for what moves on it"), "calm", "online"),
    "dimmed": (gettext_lazy("right, dimmed to %(percent)d %%"), "calm", "online"),
    "differs": (gettext_lazy("not what it must be"), "bad", "scenario"),
    "outdated": (gettext_lazy("not compared: the screen has received something else since"), "warn", "waiting"),
    "unknown": (gettext_lazy("not compared"), "warn", "waiting"),
}
"""By code of ``captures.verdict``: words, colour of the tag, icon."""
GOOD_DBM, FAIR_DBM = -65, -75
"""From here on a radio hears well, and well enough."""


def verdict_text(code: str, brightness: int) -> dict[str, str]:
    """Return words, colour and icon of what became of comparing an exact picture."""
    words, colour, icon = VERDICT_TEXTS[code]
    said = str(words) % {"percent": brightness} if code == "dimmed" else str(words)
    return {"code": code, "words": said, "colour": colour, "icon": icon}


def shown_names(parts: Iterable[ShownPart], slides: Mapping[str, str], alerts: Mapping[str, str]) -> str:
    """Return the names of what a player says that it shows: ``La piscine rouvre + Alerte : crue``."""
    return " + ".join(dict.fromkeys(_reported_name(part, slides, alerts) for part in parts))


def _reported_name(part: ShownPart, slides: Mapping[str, str], alerts: Mapping[str, str]) -> str:
    if part.alert is not None:
        return alerts.get(part.alert, part.alert)
    return slides.get(part.slide or "", part.slide or "")


def health_lines(report: PlayerReport | None) -> list[tuple[str, str]]:
    """Return what is worth a line of how a machine is connected, how it wears, and what it is, each with its name."""
    if report is None:
        return []
    found = []
    if report.health is not None:
        found += [
            (_("Network"), _network_text(report.health.network)),
            (_("Built-in memory"), _wear_text(report.health.storage_used_percent)),
            (_("Errors of its file systems"), str(report.health.disk_errors or "")),
            (_("Frames of videos that were damaged"), str(report.health.decode_errors or "")),
        ]
    if report.machine is not None:
        machine = report.machine
        system = " · ".join(filter(None, (machine.system, machine.kernel)))
        software = " · ".join(filter(None, (machine.python and f"Python {machine.python}", machine.graphics)))
        found += [(_("Machine"), machine.model), (_("System"), system), (_("Software"), software)]
    return [(name, text) for name, text in found if text]


def _network_text(network: NetworkStatus | None) -> str:
    if network is None:
        return ""
    parts = [_("by radio") if network.kind == "wireless" else _("by cable")]
    if network.speed_mbps is not None:
        parts.append(_("%(speed)d Mbit/s") % {"speed": network.speed_mbps})
    if network.signal_dbm is not None:
        parts.append(f"{_signal_text(network.signal_dbm)} ({network.signal_dbm} dBm)")
    if network.cuts:
        cuts = ngettext("gone %(count)d time since its start", "gone %(count)d times since its start", network.cuts)
        parts.append(cuts % {"count": network.cuts})
    return f"{network.interface}, {', '.join(parts)}"


def _signal_text(dbm: int) -> str:
    return _("strong") if dbm >= GOOD_DBM else _("good enough") if dbm >= FAIR_DBM else _("weak")


def _wear_text(percent: int | None) -> str:
    if percent is None:
        return ""
    if percent > 100:
        return _("used beyond what its maker vouches for")
    return _("%(percent)d %% of its life used at most") % {"percent": percent}


def problem_texts(problems: Iterable[str]) -> list[str]:
    """Return what is the matter with a machine, in words; a newer player may know of more than this version."""
    return [str(PROBLEM_TEXTS.get(problem, problem)) for problem in problems]


def state_text(code: str) -> dict[str, str]:
    """Return words, colour and icon of a state."""
    words, colour, icon = STATE_TEXTS[code]
    return {"code": code, "words": str(words), "colour": colour, "icon": icon}


def scene_names(scene: Scene) -> str:
    """Return the names of what is on: ``La piscine rouvre``."""
    return " + ".join(_showing_name(showing) for showing in scene.showings)


def scene_reason(scene: Scene, manifest: content.Manifest) -> str:
    """Return why it is on, in a sentence. What takes the screen over, or lies over it, counts."""
    if not scene.showings:
        return ""
    showing = next((showing for showing in scene.showings if showing.alert), scene.showings[0])
    if showing.reason.kind is ReasonKind.ALL_CLEAR:
        return _("The alert is over: its end is said.")
    if showing.reason.kind is ReasonKind.ALERT:
        return _("An alert is broadcast.")
    if showing.reason.kind is ReasonKind.IDLE:
        return _("Nothing is scheduled for now: the name of the town stands in.")
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
