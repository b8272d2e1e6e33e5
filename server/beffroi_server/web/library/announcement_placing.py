"""Where and until when an announcement is shown, as its own page asks and tells it.

The form of a placement belongs to the schedule. Here it is begun with what the user chose last, and read together with
the buttons of the page: “Publish”, or “Save as draft”.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from beffroi_server.accounts.models import User
from beffroi_server.core import formatting
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.targets import Targets
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import placements, rule_summary
from beffroi_server.schedule.announcement_status import KnownPlaylist, read_playlists
from beffroi_server.schedule.models import AnnouncementPlacement, Proposal
from beffroi_server.web import working_for
from beffroi_server.web.access import UserRequest
from beffroi_server.web.schedule.placement_forms import PlacementForm, PlacementWhere

DRAFT = "draft"
"""Value of the field ``act`` when an announcement is saved without being shown."""
USUAL_TIME, UNTIL_DATE, NO_END = "", "false", "on"
"""Values of the choice until when an announcement is shown; the form of the placement reads it as ``no_end``."""


@dataclass(frozen=True)
class ShownState:
    """Where a saved announcement is shown, for its page."""

    placement: AnnouncementPlacement | None
    playlists: tuple[KnownPlaylist, ...] = ()

    @property
    def is_off(self) -> bool:
        """True if somebody took it off the screens."""
        return self.placement is not None and self.placement.taken_off_at is not None

    @cached_property
    def is_placed(self) -> bool:
        """True if it is shown without a playlist, now, later or until it was over."""
        return self.placement is not None and bool(Targets.of(self.placement))

    @property
    def is_shown(self) -> bool:
        """True unless it is a draft: nothing shows it, and nobody took it off."""
        return self.is_off or self.is_placed or bool(self.playlists)

    @property
    def sentence(self) -> str:
        """Where and until when, such as “on all screens, until 1 May 2027 at 23:59”; empty without a placement."""
        return placement_sentence(self.placement) if self.placement is not None and self.is_placed else ""


def shown_state(announcement: Announcement | None) -> ShownState:
    """Return where an announcement is shown; nowhere for a new one."""
    if announcement is None:
        return ShownState(None)
    listing: Iterable[KnownPlaylist] | None = getattr(announcement, "listing", None)
    if listing is None:
        listing = [each for each in read_playlists(announcement.pk) if each.is_listing]
    return ShownState(placements.placement_of(announcement), tuple(listing))


def placement_sentence(placement: AnnouncementPlacement | Proposal) -> str:
    """Return where, from when and until when an announcement is shown, as a phrase."""
    parts = [rule_summary.places_text(_places(placement))]
    if placement.starts_at is not None and placement.starts_at > timezone.now():
        parts.append(formatting.moment_from(placement.starts_at))
    if placement.ends_at is None:
        parts.append(_("without an end"))
    else:
        parts.append(formatting.moment_until(placement.ends_at))
    return ", ".join(parts)


def placement_form(
    request: UserRequest, announcement: Announcement | None, state: ShownState | None = None
) -> PlacementForm | None:
    """Return the form of the placement; None where nothing was said of it. Who may not publish proposes with it."""
    if request.method == "POST" and "where" not in request.POST:
        return None
    if request.method == "POST":
        return PlacementForm(submitted_placement(request.POST), announcement=announcement)
    form = PlacementForm(announcement=announcement)
    if not (state or shown_state(announcement)).is_shown:
        form.initial.update(_last_choice(request.user))
    return form


def time_choice(form: PlacementForm) -> str:
    """Return which of the three answers to “until when” a form holds."""
    if form.is_bound:
        return str(form.data.get("no_end", USUAL_TIME))
    if form.initial.get("no_end"):
        return NO_END
    return UNTIL_DATE if form.initial.get("valid_until") else USUAL_TIME


def _places(placement: AnnouncementPlacement | Proposal) -> rule_summary.RulePlaces:
    targets = Targets.of(placement)
    return rule_summary.RulePlaces(
        targets.everywhere, [screen.name for screen in targets.screens], [group.name for group in targets.groups]
    )


def submitted_placement(data: QueryDict) -> QueryDict:
    """Return what was submitted, with what the buttons and the choice of time say."""
    values = data.copy()
    if data.get("act") == DRAFT:
        values["where"] = PlacementWhere.NOWHERE
    if data.get("no_end") == USUAL_TIME and "no_end" in data:
        values["valid_until"] = ""
    return values


def _last_choice(user: User) -> dict[str, object]:
    """Return where the user had an announcement shown last; for the first everywhere, or in all groups in scope.

    For who works for one municipality now, its screens.
    """
    municipality = working_for.chosen()
    if municipality is not None:
        return {"where": PlacementWhere.CHOSEN, "groups": [municipality.group_id]}
    last = AnnouncementPlacement.objects.filter(updated_by=user, taken_off_at=None).order_by("-updated_at").first()
    targets = Targets.of(last) if last is not None else Targets()
    if targets and not targets.everywhere:
        chosen = {"groups": [each.pk for each in targets.groups], "screens": [each.pk for each in targets.screens]}
        return {"where": PlacementWhere.CHOSEN, **chosen}
    within = screen_scopes.scope_group_keys(user)
    if within is None:
        return {"where": PlacementWhere.EVERYWHERE}
    return {"where": PlacementWhere.CHOSEN, "groups": sorted(within)}
