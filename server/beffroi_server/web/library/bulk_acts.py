"""The acts that a list offers for several announcements: form, preview of what will happen, and doing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from beffroi_server.accounts.models import UndoEntry, User
from beffroi_server.core.formatting import format_moment, join_names, moment_at
from beffroi_server.fleet.targets import Targets
from beffroi_server.schedule import announcement_acts
from beffroi_server.schedule.announcement_status import AnnouncementStatus, screens_showing
from beffroi_server.web.forms import StyledForm
from beffroi_server.web.library import bulk_forms

Rows = Sequence[Any]
"""Announcements, each with its ``status``."""


@dataclass(frozen=True)
class BulkAct:
    """An act on several announcements."""

    code: str
    label: Any
    """What its button says."""
    icon: str
    preview: Callable[[Rows, Any], list[str]]
    """Returns what will happen, as sentences; given the announcements, each with its status, and the valid form."""
    act: Callable[[Rows, Any, User], UndoEntry | None]
    form: type[StyledForm] | None = None


def _preview_taking_off(rows: Rows, _form: Any) -> list[str]:
    shown = [each for each in rows if each.status in {AnnouncementStatus.ON, AnnouncementStatus.LATER}]
    screens = screens_showing(shown).count() if shown else 0
    return [*_leaving_sentence(len(shown), screens), *_unchanged_sentence(len(rows) - len(shown))]


def _preview_archiving(rows: Rows, form: Any) -> list[str]:
    archived = ngettext(
        "%(count)d announcement goes into the archive.", "%(count)d announcements go into the archive.", len(rows)
    )
    shown = [each for each in rows if each.status in {AnnouncementStatus.ON, AnnouncementStatus.LATER}]
    screens = screens_showing(shown).count() if shown else 0
    return [archived % {"count": len(rows)}, *_leaving_sentence(len(shown), screens)]


def _leaving_sentence(announcements: int, screens: int) -> list[str]:
    if not announcements:
        return []
    what = ngettext("%(count)d announcement", "%(count)d announcements", announcements) % {"count": announcements}
    return [
        ngettext("%(what)s will leave %(count)d screen.", "%(what)s will leave %(count)d screens.", screens)
        % {"what": what, "count": screens}
    ]


def _unchanged_sentence(count: int) -> list[str]:
    if not count:
        return []
    return [
        ngettext(
            "%(count)d is on no screen: nothing changes for it.",
            "%(count)d are on no screen: nothing changes for them.",
            count,
        )
        % {"count": count}
    ]


def _preview_placing(rows: Rows, form: bulk_forms.PlaceForm) -> list[str]:
    values = form.placement_values()
    reached = Targets(values.everywhere, tuple(values.groups), tuple(values.screens)).reached_screens()
    names = list(reached.order_by("name").values_list("name", flat=True)[:4])
    count = reached.count()
    more = count - len(names)
    if more:
        names.append(ngettext("%(count)d more", "%(count)d more", more) % {"count": more})
    what = ngettext("%(count)d announcement", "%(count)d announcements", len(rows)) % {"count": len(rows)}
    sentences = [
        ngettext(
            "%(what)s will be shown on %(count)d screen: %(names)s.",
            "%(what)s will be shown on %(count)d screens: %(names)s.",
            count,
        )
        % {"what": what, "count": count, "names": join_names(names)}
        if count
        else _("No screen shows them: the chosen groups have none.")
    ]
    if values.ends_at:
        sentences.append(_("They leave by themselves %(when)s.") % {"when": moment_at(values.ends_at)})
    moved = sum(each.status != AnnouncementStatus.DRAFT for each in rows)
    if moved:
        text = ngettext(
            "%(count)d of them is shown elsewhere already, and moves.",
            "%(count)d of them are shown elsewhere already, and move.",
            moved,
        )
        sentences.append(text % {"count": moved})
    return sentences


def _preview_tagging(rows: Rows, form: Any) -> list[str]:
    return [_count_sentence(len(rows)), _("Nothing changes on the screens.")]


def _preview_category(rows: Rows, form: Any) -> list[str]:
    return [_count_sentence(len(rows)), _("The word above the title changes on the screens that show them.")]


def _preview_extending(rows: Rows, form: bulk_forms.ExtendForm) -> list[str]:
    until = format_moment(form.cleaned_data["until"])
    endless = _("Those without an end stay as they are.")
    return [_count_sentence(len(rows)), _("The new end: %(until)s.") % {"until": until}, endless]


def _count_sentence(count: int) -> str:
    text = ngettext("%(count)d announcement is concerned.", "%(count)d announcements are concerned.", count)
    return text % {"count": count}


BULK_ACTS = {
    each.code: each
    for each in (
        BulkAct(
            "take-off", gettext_lazy("Take off the screens"), "screen-off", _preview_taking_off,
            lambda rows, _form, user: announcement_acts.take_off(rows, user=user),
        ),
        BulkAct(
            "place", gettext_lazy("Put on the screens"), "screen", _preview_placing,
            lambda rows, form, user: announcement_acts.place(rows, form.placement_values(), user=user),
            bulk_forms.PlaceForm,
        ),
        BulkAct(
            "extend", gettext_lazy("Extend until"), "calendar", _preview_extending,
            lambda rows, form, user: announcement_acts.extend(rows, form.cleaned_data["until"], user=user),
            bulk_forms.ExtendForm,
        ),
        BulkAct(
            "tag", gettext_lazy("Add a tag"), "tag", _preview_tagging,
            lambda rows, form, user: announcement_acts.add_tag(rows, form.cleaned_data["tag"], user=user),
            bulk_forms.TagForm,
        ),
        BulkAct(
            "untag", gettext_lazy("Remove a tag"), "tag", _preview_tagging,
            lambda rows, form, user: announcement_acts.remove_tag(rows, form.cleaned_data["tag"], user=user),
            bulk_forms.TagForm,
        ),
        BulkAct(
            "category", gettext_lazy("Change the category"), "news", _preview_category,
            lambda rows, form, user: announcement_acts.change_category(rows, form.cleaned_data["label"], user=user),
            bulk_forms.CategoryForm,
        ),
        BulkAct(
            "archive", gettext_lazy("Archive"), "archive", _preview_archiving,
            lambda rows, _form, user: announcement_acts.archive_announcements(rows, user=user),
        ),
    )
}  # fmt: skip
