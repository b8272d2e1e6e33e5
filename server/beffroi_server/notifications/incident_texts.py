"""Texts of incidents for pages and messages, in the language of the reader and the time of the town."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from beffroi_content.findings import ExplainedFinding, Finding
from beffroi_server.accounts.models import User
from beffroi_server.core.formatting import (
    format_day,
    format_duration,
    from_milliseconds,
    moment_at,
    moment_since,
    moments_between,
)
from beffroi_server.monitoring import finding_texts, status_text
from beffroi_server.notifications.incidents import UNSTEADY
from beffroi_server.notifications.models import Incident
from beffroi_server.notifications.occasions import Occasion
from beffroi_server.outside_warnings.models import old_chart_words

GROUP_FROM = 3
"""So many silent screens are told as one line."""
GROUP_SPAN = dt.timedelta(minutes=5)
_NAMES_SHOWN = 12
FINDING_SUBJECT = "finding-"
"""What the subjects of findings of the server about itself begin with; the code follows."""

_FACTS = {
    (Occasion.SCREEN_SILENT, ""): gettext_lazy("“%(name)s” has not responded %(since)s."),
    (Occasion.SCREEN_SILENT, UNSTEADY): gettext_lazy("“%(name)s” keeps coming and going."),
    (Occasion.SCREEN_WRONG, ""): gettext_lazy("“%(name)s” needs attention. %(reason)s"),
    (Occasion.PROGRAMME, ""): gettext_lazy("“%(name)s” has nothing to show for the next 24 hours."),
    (Occasion.PROGRAMME, "ending"): gettext_lazy("“%(name)s” will have nothing left to show in less than two days."),
    (Occasion.FEED_BROKEN, ""): gettext_lazy("The feed “%(name)s” cannot be read. %(problem)s"),
    (Occasion.DISK, ""): gettext_lazy("The server’s disk is nearly full: %(free_mb)d MB are left."),
    (Occasion.DISK, "scarce"): gettext_lazy("The server’s disk is full: no file can be added. Alerts still work."),
    (Occasion.CERTIFICATE, ""): gettext_lazy("The certificate of %(host)s expires on %(day)s."),
    (Occasion.CERTIFICATE, "expired"): gettext_lazy("The certificate of %(host)s expired on %(day)s."),
    (Occasion.KEYS, ""): gettext_lazy("The key list of the town ends on %(day)s: two root keys have to sign it again."),
    (Occasion.KEYS, "ended"): gettext_lazy(
        "The key list of the town ended on %(day)s: no new player accepts it until two root keys have signed it again."
    ),
    (Occasion.KEYS, "lost"): gettext_lazy(
        "A key with which the server signs is missing, or is not the one that screens know."
    ),
    (Occasion.BACKUP, ""): gettext_lazy("The backup failed. %(problem)s"),
    (Occasion.ALERT_UNSEEN, ""): gettext_lazy(
        "The alert “%(name)s” is not shown on %(missing)d of its %(total)d screens: %(screens)s."
    ),
    (Occasion.DRILL, ""): gettext_lazy(
        "The silent drill failed on %(missing)d of %(total)d screens: %(screens)s. An alert might not be shown there."
    ),
    (Occasion.SOFTWARE, ""): gettext_lazy(
        "Version %(version)s of the player failed and was taken back: %(screens)s. Content goes on with the version "
        "before, and no further screen gets the new one."
    ),
    (Occasion.ALERT_WAITS, ""): gettext_lazy("The alert “%(name)s” waits for an officer."),
    (Occasion.ALERT_WAITS, "proposed"): gettext_lazy("The alert “%(name)s” waits for a second officer."),
    (Occasion.ALERT_WAITS, "warning"): gettext_lazy(
        "Official warning “%(name)s”: broadcast it with one press, or dismiss it."
    ),
    (Occasion.ALERT_WAITS, "changed"): gettext_lazy(
        "The authority has changed its warning: “%(name)s”. Compare it with what the screens show, and correct or "
        "dismiss it."
    ),
    (Occasion.ALERT_WAITS, "missed"): gettext_lazy(
        "Nobody decided in time on the official warning “%(name)s”: it is not on the screens."
    ),
    (Occasion.ALERT_WAITS, "left-on"): gettext_lazy(
        "The authority has ended its warning. “%(name)s” was changed by hand and is still on the screens."
    ),
    (Occasion.WARNING_SOURCE, ""): gettext_lazy("The warnings of “%(name)s” have not come %(since)s. %(problem)s"),
    (Occasion.ALERT_WAITS, "ending"): gettext_lazy("The alert “%(name)s” ends %(at)s."),
    (Occasion.ALERT_WAITS, "overdue"): gettext_lazy(
        "The alert “%(name)s” was to be ended %(at)s and is still on the screens."
    ),
    (Occasion.ALERT_WAITS, "planned"): gettext_lazy("The planned alert “%(name)s” begins %(at)s."),
    (Occasion.ALERT_WAITS, "alone"): gettext_lazy(
        "The alert “%(name)s” was broadcast without a second officer: %(problem)s"
    ),
}
"""By occasion and reason; the reason is empty where the others have no text of their own."""
_TITLES = {
    Occasion.SCREEN_SILENT: gettext_lazy("“%(name)s” not responding"),
    Occasion.SCREEN_WRONG: gettext_lazy("“%(name)s” needing attention"),
    Occasion.PROGRAMME: gettext_lazy("“%(name)s” without content"),
    Occasion.FEED_BROKEN: gettext_lazy("feed “%(name)s” unreadable"),
    Occasion.DISK: gettext_lazy("server disk nearly full"),
    Occasion.CERTIFICATE: gettext_lazy("certificate expiring"),
    Occasion.KEYS: gettext_lazy("keys of the town"),
    Occasion.BACKUP: gettext_lazy("backup failed"),
    Occasion.ALERT_UNSEEN: gettext_lazy("alert “%(name)s” not shown everywhere"),
    Occasion.ALERT_WAITS: gettext_lazy("alert “%(name)s” waiting for an officer"),
    Occasion.DRILL: gettext_lazy("silent drill failed"),
    Occasion.SOFTWARE: gettext_lazy("new version of the player failed"),
    Occasion.SERVER_FINDING: gettext_lazy("server, “%(fact)s”"),
    Occasion.WARNING_SOURCE: gettext_lazy("warnings of “%(name)s” not received"),
}
_SILENCE_REASONS = {
    "offline": gettext_lazy("Connection lost: power or network."),
    "silent": gettext_lazy("No longer heard from, although its connection was not closed."),
    UNSTEADY: gettext_lazy("Came and went again and again."),
}
_ADVICE = {
    Occasion.SCREEN_SILENT: gettext_lazy("Check power and network on site, then restart its player."),
    Occasion.SCREEN_WRONG: gettext_lazy("Open its page: it says what to do."),
    Occasion.PROGRAMME: gettext_lazy("Publish an announcement on it, or extend what ends."),
    Occasion.FEED_BROKEN: gettext_lazy("Open the feed and check its address."),
    Occasion.DISK: gettext_lazy("Free some space, or give the server a larger disk."),
    Occasion.CERTIFICATE: gettext_lazy("Renew it, and check why it was not renewed by itself."),
    Occasion.KEYS: gettext_lazy("Follow docs/keys.en.md on the server: beffroi-server keys says what to do."),
    Occasion.BACKUP: gettext_lazy("Look at the log of the backup on the server, and start it again."),
    Occasion.ALERT_UNSEEN: gettext_lazy(
        "Open the alert: it says of each screen why. Warn people there by other means."
    ),
    Occasion.ALERT_WAITS: gettext_lazy("Open it: one press confirms, extends, ends or skips it."),
    Occasion.DRILL: gettext_lazy("Open the report of the drill: it says of each screen why. Then hold it again."),
    Occasion.SOFTWARE: gettext_lazy("Open the page of versions: it says of each screen why. Then end the rollout."),
    Occasion.WARNING_SOURCE: gettext_lazy(
        "Open the source and read it again. Until then, look at the authority’s page."
    ),
}
_ADVICE_OF_OTHERS = {
    Occasion.SCREEN_SILENT: gettext_lazy("It goes on showing what it has. Tell a technician."),
    Occasion.SCREEN_WRONG: gettext_lazy("Tell a technician."),
    Occasion.PROGRAMME: gettext_lazy("Tell somebody who writes announcements."),
    Occasion.FEED_BROKEN: gettext_lazy("Tell somebody who writes announcements."),
    Occasion.ALERT_UNSEEN: gettext_lazy("Tell the officer on call."),
    Occasion.ALERT_WAITS: gettext_lazy("Tell the officer on call."),
    Occasion.DRILL: gettext_lazy("Tell a technician."),
    Occasion.SOFTWARE: gettext_lazy("Tell a technician."),
    Occasion.WARNING_SOURCE: gettext_lazy("Look at the authority’s own page until an administrator has mended it."),
}
_SERVER_ADVICE = gettext_lazy("Tell the person who runs the server.")
_ALERT_PAGES = {"alert": "alert", "alone": "alert", "proposal": "alert-proposal", "plan": "planned-alert"}
"""By what the subject of an incident begins with."""
_OWN_PAGES = {
    Occasion.DRILL.value: ("drills", ""),
    Occasion.SOFTWARE.value: ("software", "may_install"),
    "finding": ("attention", "may_install"),
}
"""Pages of what is recorded, each with the right that it takes."""
_ACTING = {
    Occasion.SCREEN_SILENT: "may_install",
    Occasion.SCREEN_WRONG: "may_install",
    Occasion.PROGRAMME: "may_edit",
    Occasion.FEED_BROKEN: "may_edit",
    Occasion.ALERT_UNSEEN: "may_alert",
    Occasion.ALERT_WAITS: "may_alert",
    Occasion.DRILL: "may_install",
    Occasion.SOFTWARE: "may_install",
    Occasion.WARNING_SOURCE: "may_administer",
}
"""The right that somebody needs to do something about it; what is missing here is done on the server."""


def incident_sentence(incident: Incident) -> str:
    """Return what is the matter: “Quay” has not responded since 12:03."""
    if incident.occasion == Occasion.SERVER_FINDING:
        return finding_of(incident).fact
    key = Occasion(incident.occasion), incident.reason
    text = _FACTS.get(key) or _FACTS[key[0], ""]
    return str(text) % _values(incident)


def incident_title(incident: Incident) -> str:
    """Return a short title that fits into a sentence."""
    title = str(_TITLES[Occasion(incident.occasion)])
    if incident.occasion == Occasion.SERVER_FINDING:
        return title % {"fact": finding_of(incident).fact.rstrip(".")}
    return title % {"name": incident.name}


def finding_of(incident: Incident) -> ExplainedFinding:
    """Return what the server has found in itself, of an incident of that."""
    return finding_texts.explain(Finding(incident.subject.removeprefix(FINDING_SUBJECT), incident.detail))


def reason_text(incident: Incident) -> str:
    """Return why, as far as that is known; empty where the title says it all."""
    if incident.occasion == Occasion.SCREEN_SILENT:
        return str(_SILENCE_REASONS.get(incident.reason, ""))
    if incident.occasion == Occasion.SCREEN_WRONG:
        return str(status_text.REASON_TEXTS.get(incident.reason, ""))
    if incident.occasion == Occasion.SERVER_FINDING:
        return finding_of(incident).harm
    return _problem(incident)


def _problem(incident: Incident) -> str:
    made = from_milliseconds(incident.detail.get("chart_ms"))
    return old_chart_words(made) if made is not None else str(incident.detail.get("problem", ""))


def span_text(incident: Incident) -> str:
    """Return from when until when an incident lasted; the day is said once."""
    until = incident.ended_at or incident.right_since
    if until is None:
        return moment_since(incident.began_at)
    return moments_between(incident.began_at, until)


def end_sentence(incident: Incident) -> str:
    """Return that an incident is over, with from when until when it lasted."""
    until = incident.ended_at or incident.right_since or incident.began_at
    values = {
        "name": incident.name,
        "title": incident_title(incident),
        "span": moments_between(incident.began_at, until),
        "length": format_duration(round(incident.lasted(until).total_seconds())),
    }
    if incident.occasion == Occasion.SCREEN_SILENT:
        return _("“%(name)s” is back. It did not respond %(span)s (%(length)s).") % values
    return _("Over: %(title)s, %(span)s.") % values


def acknowledgement_sentence(incident: Incident) -> str:
    """Return who takes care of an incident."""
    values = {"person": person_name(incident.acknowledged_by), "title": incident_title(incident)}
    return _("%(person)s is taking care of it: %(title)s.") % values


def group_sentence(incidents: Sequence[Incident]) -> str:
    """Return several silent screens as one sentence: 12 screens not responding since 12:03: network?"""
    since = moment_since(min(each.began_at for each in incidents))
    sentence = ngettext(
        "%(count)d screen not responding %(since)s.",
        "%(count)d screens not responding %(since)s: network?",
        len(incidents),
    )
    return sentence % {"count": len(incidents), "since": since}


def group_names(incidents: Sequence[Incident]) -> str:
    """Return the names of several screens, or the first of many."""
    names = [each.name for each in incidents]
    return ", ".join(names[:_NAMES_SHOWN]) + ("…" if len(names) > _NAMES_SHOWN else "")


def silent_group(incidents: Sequence[Incident]) -> list[Incident]:
    """Return the silent screens among some incidents that fell silent together; none where they are few."""
    silent = sorted(
        (each for each in incidents if each.occasion == Occasion.SCREEN_SILENT and each.reason != UNSTEADY),
        key=lambda each: each.began_at,
    )
    best, first = (0, 0), 0
    for last, incident in enumerate(silent):
        while incident.began_at - silent[first].began_at > GROUP_SPAN:
            first += 1
        best = max(best, (first, last + 1), key=lambda span: span[1] - span[0])
    group = silent[best[0] : best[1]]
    return group if len(group) >= GROUP_FROM else []


def next_step(incident: Incident, user: User) -> str:
    """Return what somebody can do about an incident."""
    occasion = Occasion(incident.occasion)
    if occasion is Occasion.SERVER_FINDING:
        return finding_of(incident).step if user.may_install else str(_SERVER_ADVICE)
    if occasion not in _ACTING:
        return str(_ADVICE[occasion] if user.may_administer else _SERVER_ADVICE)
    return str(_ADVICE[occasion] if getattr(user, _ACTING[occasion]) else _ADVICE_OF_OTHERS[occasion])


def incident_path(incident: Incident, user: User) -> str:
    """Return the path of the page on which somebody can do something about an incident; empty where there is none."""
    kind, _dash, key = incident.subject.partition("-")
    if incident.screen is not None:
        return reverse("screen", args=[incident.screen.slug])
    if kind in _OWN_PAGES:
        page, right = _OWN_PAGES[kind]
        return reverse(page) if not right or getattr(user, right) else ""
    if kind == "feed" and user.may_edit:
        return reverse("feed", args=[key])
    if kind in ("source", "warning"):
        return _warning_path(kind, key, user)
    if not user.may_alert or kind not in _ALERT_PAGES:
        return ""
    # The subject of a planned one names its occurrence as well.
    return reverse(_ALERT_PAGES[kind], args=[key.partition("-")[0] if kind == "plan" else key.removesuffix("-left")])


def _warning_path(kind: str, key: str, user: User) -> str:
    if kind == "source" and user.may_administer:
        return reverse("warning-source", args=[key])
    return reverse("warnings") if user.may_alert else ""


def person_name(user: User | None) -> str:
    """Return the name of a user, or the user name where none is given."""
    return (user.get_full_name() or user.get_username()) if user is not None else _("Somebody")


def _values(incident: Incident) -> dict[str, Any]:
    detail = incident.detail
    expires, at = from_milliseconds(detail.get("expires_ms")), from_milliseconds(detail.get("at_ms"))
    names = detail.get("screens", [])
    return {
        "name": incident.name,
        "since": moment_since(incident.began_at),
        "reason": status_text.REASON_TEXTS.get(incident.reason, ""),
        "problem": _problem(incident),
        "free_mb": detail.get("free_mb", 0),
        "host": detail.get("host", ""),
        "day": format_day(expires.date()) if expires is not None else "?",
        "at": moment_at(at) if at is not None else "?",
        "missing": detail.get("missing", 0),
        "total": detail.get("total", 0),
        "screens": ", ".join(names) + ("…" if len(names) < detail.get("missing", 0) else ""),
    }
