"""Categories of announcements: the town's own list, and for how long an announcement is shown by default.

Every announcement leaves by itself: when what it tells of is over (``event_dates``), else after the days of its
category, else after ``USUAL_DAYS``. Only a person may choose that it has no end.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db.models import F, Value
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.core.folded_text import fold_text
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import screen_scopes
from beffroi_server.library import library_scopes
from beffroi_server.library.event_dates import event_end
from beffroi_server.library.events import AnnouncementChange, CategoryRename, announcement_changing, category_renamed
from beffroi_server.library.models import Announcement, Category

USUAL_DAYS = 30
"""Days for which an announcement is shown where neither a person nor its category says otherwise."""
MAX_OFFERED = 100
"""Categories that a form offers at most."""
_LAST_MINUTE = dt.time(23, 59)


def category_of(label: str) -> Category | None:
    """Return the category that a label names, without regard to case and accents."""
    return Category.objects.filter(name__folded=fold_text(label)).first() if label else None


def default_end(announcement: Announcement, start: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return until when an announcement is shown where nobody says otherwise.

    Args:
        announcement: One with template, dates and label; it need not be saved.
        start: When it begins to be shown.
        zone: The town's time zone.

    Returns:
        The end of what it tells of, if that lies ahead; else the last minute of the day after its category's days.
    """
    end = event_end(announcement, zone)
    if end is not None and end > start:
        return end
    category = category_of(announcement.label)
    days = (category.default_days if category else None) or USUAL_DAYS
    return dt.datetime.combine(start.astimezone(zone).date() + dt.timedelta(days=days), _LAST_MINUTE, zone)


def offered_categories() -> list[str]:
    """Return the names that a form offers, sorted: the town's categories, and further labels of announcements."""
    names = Category.objects.order_by().annotate(label=F("name"), rank=Value(0)).values_list("label", "rank")
    labels = Announcement.objects.exclude(label="").order_by().annotate(rank=Value(1)).values_list("label", "rank")
    # By one query. The town's own spelling comes first, and is kept. Made distinct before the union: an index does it.
    found = names.union(labels.distinct(), all=True).order_by("rank", "label")[: 2 * MAX_OFFERED]
    spellings: dict[str, str] = {}
    for name, _rank in found:
        spellings.setdefault(fold_text(name), name)
    return [spellings[folded] for folded in sorted(spellings)][:MAX_OFFERED]


def save_category(category: Category, *, user: User | None) -> Category:
    """Create a category or save a change of one; with another name, its announcements get that name, too.

    Raises:
        Category.DoesNotExist: somebody deleted it meanwhile.
        NotPermitted: the user is limited, or may not change an announcement that has the name.
        ValidationError: a value is not valid, or there is a category of this name.
    """
    _check_keeper(user)
    with serialised():
        created = category._state.adding
        before = "" if created else Category.objects.get(pk=category.pk).name
        _validate_category(category)
        category.save()
        audit.record_event(
            user,
            "category-created" if created else "category-changed",
            category,
            days=category.default_days,
            **({"before": before} if before and before != category.name else {}),
        )
        if before and before != category.name:
            _rename_announcements(before, category.name, user)
    return category


def delete_category(category: Category, *, user: User | None) -> None:
    """Delete a category; its announcements keep its name as text above their title."""
    _check_keeper(user)
    with serialised():
        audit.record_event(user, "category-deleted", category)
        category.delete()


def _check_keeper(user: User | None) -> None:
    """Refuse a change of the categories, which the whole town shares, to a user who is limited."""
    require(user, "may_edit")
    screen_scopes.check_whole_town(user)
    if library_scopes.scope_category_names(user) is not None:
        raise NotPermitted(_("Only users who write for every category can change this: the whole town shares it."))


def _validate_category(category: Category) -> None:
    category.full_clean()
    other = category_of(category.name)
    if other is not None and other.pk != category.pk:
        raise ValidationError({"name": _("There is already a category “%(name)s”.") % {"name": other.name}})


def _rename_announcements(before: str, name: str, user: User | None) -> None:
    found = list(Announcement.objects.filter(folded_label=fold_text(before)))
    for each in found:
        # Screens whose content needs approval show the word, too.
        announcement_changing.send(AnnouncementChange(each, user))
        # A form that somebody has open now notices that the announcement was changed.
        each.label, each.version = name, each.version + 1
        each.save(update_fields=["label", "version", "folded_label", "search_text"])
    category_renamed.send(CategoryRename(before, name, tuple(each.pk for each in found), user))
