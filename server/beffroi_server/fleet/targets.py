"""Reach: the screens that a target stands for, and the groups and scopes of a screen.

Alerts, scenarios and schedule rules are aimed at all screens, or at groups and single screens. "Which screens does
this reach" and its reverse, "what is aimed at this screen", are answered here and nowhere else: pages, compilation,
alert sets, the device API and the access rules of the broker ask this module. Who lets groups contain groups changes
``member_screens``, ``groups_of`` and ``reach_by_row``, and all of them follow.

Whatever is aimed has ``everywhere``, ``groups`` and ``screens``: rows as fields, forms as lists (see ``Targets``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from beffroi_content.model.manifest import MAX_GROUPS
from beffroi_content.wire.scopes import TopicScope, screen_scopes
from beffroi_server.core.read_once import read_once
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.municipality_models import Municipality

Row = TypeVar("Row", bound=Model)


class TargetedRow(Protocol):
    """A row that is aimed at screens."""

    pk: Any
    everywhere: Any
    groups: Any
    screens: Any


@dataclass(frozen=True, slots=True)
class Targets:
    """All screens, or groups and single screens."""

    everywhere: bool = False
    groups: tuple[ScreenGroup, ...] = ()
    screens: tuple[Screen, ...] = ()

    @classmethod
    def of(cls, row: TargetedRow) -> Targets:
        """Return the targets of a saved row; without a query where ``groups`` and ``screens`` were prefetched."""
        if row.everywhere:
            return EVERYWHERE
        return cls(groups=tuple(row.groups.all()), screens=tuple(row.screens.all()))

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.groups) or bool(self.screens)

    @property
    def scopes(self) -> tuple[TopicScope, ...]:
        """The topic scopes whose documents carry what is aimed here, sorted."""
        if self.everywhere:
            return (TopicScope.all_screens(),)
        groups = {TopicScope.of_group(group.slug) for group in self.groups}
        return tuple(sorted(groups | {TopicScope.of_screen(screen.slug) for screen in self.screens}))

    def reached_screens(self) -> QuerySet[Screen]:
        """Return the screens that are reached, each once."""
        if self.everywhere:
            return Screen.objects.all()
        named = Q(pk__in=[screen.pk for screen in self.screens])
        return Screen.objects.filter(named | Q(pk__in=member_screens(self.groups).values("pk")))


EVERYWHERE = Targets(everywhere=True)


def member_screens(groups: Collection[ScreenGroup] | QuerySet[ScreenGroup]) -> QuerySet[Screen]:
    """Return the screens of groups; one that is in two of them comes twice."""
    return Screen.objects.filter(groups__in=groups)


def groups_of(screen: Screen) -> list[ScreenGroup]:
    """Return the groups that a screen belongs to, by slug; without a query where ``groups`` was prefetched."""
    return sorted(screen.groups.all(), key=lambda group: group.slug)


def group_slugs_of(screen: Screen) -> tuple[str, ...]:
    """Return the slugs of the groups that a screen belongs to, sorted."""
    return tuple(group.slug for group in groups_of(screen))


def group_slugs_by_screen() -> dict[int, tuple[str, ...]]:
    """Return the slugs of the groups of every screen that is in any, sorted, by the key of the screen: one query."""
    members: defaultdict[int, list[str]] = defaultdict(list)
    for screen, slug in Screen.objects.filter(groups__isnull=False).values_list("pk", "groups__slug").order_by():
        members[screen].append(slug)
    return {screen: tuple(sorted(slugs)) for screen, slugs in members.items()}


@read_once
def all_groups() -> list[ScreenGroup]:
    """Return every group, by name."""
    return list(ScreenGroup.objects.all())


def scopes_of(screen: Screen) -> tuple[TopicScope, ...]:
    """Return the topic scopes that concern a screen: all, its groups, itself."""
    return tuple(screen_scopes(screen.slug, group_slugs_of(screen)))


def screens_reached_by(rows: QuerySet[Any]) -> QuerySet[Screen]:
    """Return the screens that at least one of many rows reaches, each once."""
    if rows.filter(everywhere=True).exists():
        return Screen.objects.all()
    named = rows.filter(screens__isnull=False).order_by().values("screens")
    groups = ScreenGroup.objects.filter(pk__in=rows.filter(groups__isnull=False).order_by().values("groups"))
    return Screen.objects.filter(Q(pk__in=named) | Q(pk__in=member_screens(groups).values("pk")))


def reach_by_row(rows: Iterable[TargetedRow]) -> dict[Any, set[int]]:
    """Return the keys of the screens that each row reaches, by the key of the row.

    Takes one query for any number of rows of which ``groups`` and ``screens`` were prefetched.
    """
    everything, members = _screens_and_members()
    return {row.pk: set(everything) if row.everywhere else _reach_of_row(row, members) for row in rows}


@read_once
def _screens_and_members() -> tuple[set[int], dict[int, set[int]]]:
    """Return the keys of all screens, and those of the members of each group."""
    members: defaultdict[int, set[int]] = defaultdict(set)
    everything = set()
    for screen, group in Screen.objects.order_by().values_list("pk", "groups"):
        everything.add(screen)
        if group is not None:
            members[group].add(screen)
    return everything, dict(members)


def _reach_of_row(row: TargetedRow, members: dict[int, set[int]]) -> set[int]:
    named = {screen.pk for screen in row.screens.all()}
    return named.union(*(members.get(group.pk, ()) for group in row.groups.all()))


_COMPARED = ("screen_class", "languages", "off_from", "off_until", "day_hours", "night_brightness")


@dataclass(frozen=True, slots=True)
class AlikeScreens:
    """Screens at which the same rows are aimed, of one class, with the same languages and hours."""

    first: Screen
    """The first of them by name; what is true of it is true of all."""
    count: int


def screens_alike(screens: QuerySet[Screen], *aimed: QuerySet[Any], most: int) -> tuple[list[AlikeScreens], int]:
    """Return the largest sets of screens at which the same rows are aimed, and the number of all screens.

    Four queries, whatever the number of screens, of which only the first of each set is read.

    Args:
        screens: The screens.
        aimed: Rows that have ``groups`` and ``screens``, by kind.
        most: The number of sets that are returned at most, the largest first.
    """
    marks: defaultdict[int, set[tuple[Any, ...]]] = defaultdict(set)
    single = [rows.filter(screens__isnull=False).order_by() for rows in aimed]
    named = [rows.values_list(Value(kind), "pk", "screens").distinct() for kind, rows in enumerate(single)]
    for kind, row, screen in named[0].union(*named[1:]) if named else ():
        marks[screen].add((kind, row))
    in_groups = Q()
    for rows in aimed:
        in_groups |= Q(pk__in=rows.filter(groups__isnull=False).order_by().values("groups"))
    groups = ScreenGroup.objects.filter(in_groups) if aimed else ScreenGroup.objects.none()
    for screen, group in Screen.objects.filter(groups__in=groups).order_by().values_list("pk", "groups"):
        marks[screen].add(("group", group))
    # As text: values are only compared, and to convert those of a thousand screens takes longer than all the rest.
    texts = {f"text_{name}": Cast(name, TextField()) for name in _COMPARED}
    found: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for key, *values in screens.order_by("name").annotate(**texts).values_list("pk", *texts):
        found[*values, frozenset(marks[key])].append(key)
    sets = sorted(found.values(), key=len, reverse=True)
    first = Screen.objects.in_bulk([keys[0] for keys in sets[:most]])
    alike = [AlikeScreens(first[keys[0]], len(keys)) for keys in sets[:most] if keys[0] in first]
    return alike, sum(map(len, sets))


def rows_aimed_at(rows: QuerySet[Row], screen: Screen) -> QuerySet[Row]:
    """Return those of many rows that reach a screen, each once."""
    aimed = Q(everywhere=True) | Q(screens=screen) | Q(groups__in=groups_of(screen))
    return rows.filter(aimed).distinct()


def check_group_count(screen: Screen, groups: Collection[ScreenGroup]) -> None:
    """Refuse more groups than a screen can follow, and a second municipality.

    Raises:
        ValidationError: there are more than ``MAX_GROUPS``, or the groups of two municipalities.
    """
    homes = list(Municipality.objects.filter(group__in=groups)[:2]) if len(groups) > 1 else []
    if len(homes) > 1:
        raise ValidationError(
            _("%(screen)s would be in %(one)s and in %(other)s; a screen belongs to one municipality.")
            % {"screen": screen.name, "one": homes[0], "other": homes[1]}
        )
    if len(groups) > MAX_GROUPS:
        raise ValidationError(
            _("%(screen)s would be in %(count)d groups; a screen is in %(most)d at most.")
            % {"screen": screen.name, "count": len(groups), "most": MAX_GROUPS}
        )


def check_new_members(group: ScreenGroup, screens: Iterable[Screen]) -> None:
    """Refuse members of a group that would then be in too many groups.

    Raises:
        ValidationError: one of them would be in more than ``MAX_GROUPS``, or in two municipalities.
    """
    for screen in screens:
        check_group_count(screen, {*groups_of(screen), group} if group.pk else [*groups_of(screen), group])
