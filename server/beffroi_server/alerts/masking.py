"""What is said of an alert before it is broadcast: what will hide it on which screens, and what it will hide."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_content import model as content
from beffroi_content.timeline import AlertStatement, AlertVisibility
from beffroi_server.accounts.models import Town
from beffroi_server.alerts import queries, receipts
from beffroi_server.alerts.hiding_words import list_titles, statement_words
from beffroi_server.fleet.reached_screens import ReachedScreens

_HIDDEN = {AlertVisibility.MASKED, AlertVisibility.DARK}


def masking_sentences(draft: content.Alert, reached: ReachedScreens, now: dt.datetime, town: Town) -> list[str]:
    """Return sentences on what would hide an alert on the screens that it is for, and on what it would hide there.

    Args:
        draft: The alert as it would be broadcast now.
        reached: Its screens.
        now: The instant.
        town: Where they are.
    """
    powers = {
        key: power
        for screen, keys in reached.by_hours
        for power in (receipts.display_power_now(screen, town, now),)
        for key in keys
    }
    found = receipts.statements_by_power(powers, now, queries.running_alerts(with_targets=False), draft=draft)
    hides: defaultdict[str, set[int]] = defaultdict(set)
    hidden: Counter[str] = Counter()
    for screen, statements in found.items():
        for each in statements:
            if each.alert.id == draft.id:
                hidden[_own_words(each)] += each.visibility in _HIDDEN
            elif any(other.id == draft.id for other in each.masked_by):
                hides[each.alert.title].add(screen)
    sentences = [_hidden_sentence(words, count, reached.count) for words, count in hidden.items() if count]
    return [*sentences, *_hiding_sentences(hides, reached.count)]


def _own_words(statement: AlertStatement) -> str:
    return statement_words(statement) if statement.visibility in _HIDDEN else ""


def _hidden_sentence(words: str, count: int, total: int) -> str:
    if count == total:
        return _("It will not be seen: %(reason)s.") % {"reason": words}
    return ngettext(
        "It will not be seen on %(count)d of %(total)d screens: %(reason)s.",
        "It will not be seen on %(count)d of %(total)d screens: %(reason)s.",
        count,
    ) % {"count": count, "total": total, "reason": words}


def _hiding_sentences(hides: dict[str, set[int]], total: int) -> list[str]:
    by_count: defaultdict[int, list[str]] = defaultdict(list)
    for title, screens in hides.items():
        by_count[len(screens)].append(title)
    found = []
    for count, titles in by_count.items():
        names = list_titles(titles)
        if count == total:
            found.append(_("It will hide %(names)s for as long as it lasts.") % {"names": names})
        else:
            found.append(
                ngettext(
                    "It will hide %(names)s on %(count)d screen for as long as it lasts.",
                    "It will hide %(names)s on %(count)d screens for as long as it lasts.",
                    count,
                ) % {"names": names, "count": count}
            )  # fmt: skip
    return found
