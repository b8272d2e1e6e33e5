"""Tags of announcements: words that the town keeps, compared without case and accents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.core.folded_text import fold_text
from beffroi_server.core.transactions import serialised
from beffroi_server.library import library_scopes
from beffroi_server.library.models import Announcement, Tag

MAX_TAGS = 200
"""Tags that the town can keep."""
MAX_TAGS_EACH = 12
"""Tags that one announcement can have."""


def split_tags(text: str) -> list[str]:
    """Return the names in a text with commas between them, each once in its first spelling."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name = " ".join(part.split())
        if name:
            found.setdefault(fold_text(name), name)
    return list(found.values())


def find_tags(names: Iterable[str], *, user: User | None) -> list[Tag]:
    """Return the tags of some names; those that the town does not know yet are created.

    Raises:
        ValidationError: a name is too long, or there are too many tags.
    """
    with serialised():
        wanted = {fold_text(name): name for name in names}
        known = {tag.folded_name: tag for tag in Tag.objects.filter(folded_name__in=wanted)}
        missing = [name for folded, name in wanted.items() if folded not in known]
        if missing and Tag.objects.count() + len(missing) > MAX_TAGS:
            raise ValidationError(_("There are %(most)d tags already: use one of them.") % {"most": MAX_TAGS})
        for name in missing:
            tag = Tag(name=name)
            tag.full_clean(exclude={"folded_name"})
            tag.save()
            audit.record_event(user, "tag-created", tag)
            known[tag.folded_name] = tag
        return [known[folded] for folded in wanted]


def set_tags(announcement: Announcement, names: Iterable[str], *, user: User | None) -> None:
    """Give an announcement exactly these tags.

    Raises:
        ValidationError: there are too many, or a name is too long.
    """
    library_scopes.check_announcement(user, announcement)
    chosen = list(names)
    if len(chosen) > MAX_TAGS_EACH:
        raise ValidationError(_("An announcement can have up to %(most)d tags.") % {"most": MAX_TAGS_EACH})
    with serialised():
        found = find_tags(chosen, user=user)
        announcement.tags.set(found)
        audit.record_event(user, "announcement-tagged", announcement, tags=[tag.name for tag in found])


def rename_tag(tag: Tag, name: str, *, user: User | None) -> Tag:
    """Rename a tag; where another has that name already, the two become one. Return the tag that remains.

    Raises:
        NotPermitted: an announcement that has it is not the user's to change.
        ValidationError: the name is empty or too long.
    """
    _check_keeper(user, tag)
    with serialised():
        before = tag.name
        other = Tag.objects.filter(folded_name=fold_text(name)).exclude(pk=tag.pk).first()
        if other is not None:
            for announcement in tag.announcements.all():
                announcement.tags.add(other)
            tag.delete()
            audit.record_event(user, "tag-renamed", other, before=before)
            return other
        tag.name = name
        tag.full_clean(exclude={"folded_name"})
        tag.save()
        audit.record_event(user, "tag-renamed", tag, before=before)
    return tag


def delete_tag(tag: Tag, *, user: User | None) -> None:
    """Delete a tag; the announcements that had it stay.

    Raises:
        NotPermitted: one of them is not the user's to change.
    """
    _check_keeper(user, tag)
    with serialised():
        audit.record_event(user, "tag-deleted", tag, announcements=tag.announcements.count())
        tag.delete()


def _check_keeper(user: User | None, tag: Tag) -> None:
    """Refuse a change of a tag that is on what others write."""
    require(user, "may_edit")
    for announcement in tag.announcements.select_related("municipality"):
        library_scopes.check_announcement(user, announcement)


def known_tag(name: str) -> Tag | None:
    """Return the tag of a name in any spelling; None where there is none."""
    return Tag.objects.filter(folded_name=fold_text(" ".join(name.split()))).first()


def record_tagging(announcements: Sequence[Announcement], tag: Tag, *, user: User | None) -> None:
    """Record in the audit trail that several announcements were given a tag, or lost it."""
    if announcements:
        titles = [announcement.title for announcement in announcements[:50]]
        audit.record_event(user, "announcement-tagged", announcements[0], tag=tag.name, titles=titles)
