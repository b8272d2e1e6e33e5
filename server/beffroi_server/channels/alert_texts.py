"""What a channel says of an alert: whole sentences in the order of their importance, within the channel's length."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from beffroi_content.model import AlertStatus
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.translations import in_language
from beffroi_server.channels.models import ChannelAct
from beffroi_server.core.formatting import moment_until
from beffroi_server.core.text import shorten_text
from beffroi_server.fleet.targets import Targets
from beffroi_server.outlets.subscriptions import public_settings

SUBJECT_LENGTH = 200
_SENTENCE_ENDS = re.compile(r"(?<=[.!?…])\s+|\s*\n\s*")


@dataclass(frozen=True, slots=True)
class ChannelText:
    """A text for a channel."""

    subject: str
    """One line, for ways that have one; the text begins with it."""
    text: str


def sentences_of(text: str) -> list[str]:
    """Return the sentences and lines of a text."""
    return [part.strip() for part in _SENTENCE_ENDS.split(text) if part.strip()]


def place_of(town: str, targets: Targets) -> str:
    """Return where an alert is shown, in words."""
    names = [] if targets.everywhere else [str(each.name) for each in targets.groups]
    names += [] if targets.everywhere else [each.place or each.name for each in targets.screens]
    return f"{town} : {', '.join(names)}" if names else town


def public_link() -> str:
    """Return the address of the town's public page; empty where it is off."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/public/" if public_settings() is not None else ""


def compose_text(
    alert: Alert, act: ChannelAct, *, language: str, length: int, place: str, link: str = ""
) -> ChannelText:
    """Return what a channel says of an act.

    The word EXERCISE comes first where it is one. Then the title, what to do, what is happening, end, place, who speaks
    and where to read more; what does not fit is left out sentence by sentence, the description first.

    Args:
        alert: As it is after the act.
        act: What was done to it.
        language: Of the words around the officer's own, and of these where they were written in it.
        length: Characters at most.
        place: As ``place_of`` says it.
        link: Address with more; empty for none.
    """
    alert = in_language(alert, language)
    with translation.override(language):
        head = _head(alert, act)
        until = _("Until further notice.") if alert.is_open_ended else f"{capfirst(moment_until(alert.ends_at))}."
        source = _("Issued by: %(source)s.") % {"source": alert.source}
    if act in {ChannelAct.ENDED, ChannelAct.WITHDRAWN}:
        return _fitted(head, [], [], [f"{place}.", source, link], length)
    ending = [until, f"{place}.", source, link]
    return _fitted(head, sentences_of(alert.instruction), sentences_of(alert.description), ending, length)


def trial_text(name: str, *, language: str) -> ChannelText:
    """Return what a channel says when somebody tries it."""
    with translation.override(language):
        subject = _("Trial of the channel “%(name)s”") % {"name": name}
        return ChannelText(subject, f"{subject}\n" + _("There is no alert: an administrator looks whether this works."))


def _head(alert: Alert, act: ChannelAct) -> str:
    title = " ".join(alert.title.split())
    if act is ChannelAct.ENDED:
        title = _("End of alert: %(title)s") % {"title": title}
    elif act is ChannelAct.WITHDRAWN:
        title = _("Broadcast by mistake, please ignore: %(title)s") % {"title": title}
    elif act is ChannelAct.CORRECTED:
        title = _("Corrected: %(title)s") % {"title": title}
    elif act is ChannelAct.EXTENDED:
        title = _("Extended: %(title)s") % {"title": title}
    marks = {AlertStatus.EXERCISE: _("EXERCISE"), AlertStatus.TEST: _("TEST")}
    mark = marks.get(AlertStatus(alert.status))
    return f"{mark} – {title}" if mark else title


def _fitted(
    head: str, instruction: Sequence[str], description: Sequence[str], ending: Sequence[str], length: int
) -> ChannelText:
    head_line = shorten_text(head, length)
    left = length - len(head_line)
    # By importance: what to do first of all, then the ending, the rest of what to do, and what is happening.
    first, left = _leading(instruction[:1], left)
    end = []
    for part in filter(None, ending):
        fitting, left = _leading([part], left)
        end += fitting
    rest, left = _leading(instruction[1:], left) if first else ([], left)
    is_complete = len(first) + len(rest) == len(instruction)
    told, left = _leading(description, left) if is_complete else ([], left)
    return ChannelText(shorten_text(head, SUBJECT_LENGTH), "\n".join([head_line, *first, *rest, *told, *end]))


def _leading(parts: Sequence[str], left: int) -> tuple[list[str], int]:
    """Return the parts before the first for which there is no room, and the room that is left.

    A sentence that is left out takes those after it along: they may hang on it.
    """
    fitting = []
    for part in parts:
        if len(part) + 1 > left:
            break
        fitting.append(part)
        left -= len(part) + 1
    return fitting, left
