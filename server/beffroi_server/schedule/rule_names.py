"""Names of what rules are aimed at and bound to, read for many rules at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast

from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.models import ScheduleRule
from beffroi_server.schedule.rule_summary import RulePlaces, rule_sentence

RELATIONS = ("screens", "groups", "only_on", "never_on")


def rules_with_places(rules: Iterable[ScheduleRule]) -> list[tuple[ScheduleRule, RulePlaces]]:
    """Return rules with the names of their places, and with their calendars: one query for all names."""
    known = list(rules)
    names = _related_names(known)
    found = []
    for rule in known:
        own = {relation: names[rule.pk, relation] for relation in RELATIONS}
        for relation in ("only_on", "never_on"):
            setattr(rule, f"chosen_{relation}", [DayCalendar(name=name) for name in own[relation]])
        found.append((rule, RulePlaces(rule.everywhere, own["screens"], own["groups"])))
    return found


def rule_sentences(rules: Iterable[ScheduleRule], playlist: str) -> list[tuple[ScheduleRule, str]]:
    """Return rules that show one playlist, each with its sentence."""
    return [(rule, rule_sentence(rule, playlist, places)) for rule, places in rules_with_places(rules)]


def _related_names(rules: Sequence[ScheduleRule]) -> defaultdict[tuple[int, str], list[str]]:
    """Return the names of related rows in their order, by the key of a rule and the relation."""
    listed = ScheduleRule.objects.order_by().filter(pk__in=[rule.pk for rule in rules])
    # The columns of a union are of one type: names of the related tables differ in length.
    first, *others = (
        listed.filter(**{f"{name}__isnull": False}).annotate(
            relation=Value(name, CharField()), related=Cast(F(f"{name}__name"), CharField())
        ).values_list("pk", "relation", "related")
        for name in RELATIONS
    )  # fmt: skip
    found: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    if rules:
        for key, relation, name in first.union(*others, all=True).order_by("related"):
            found[key, relation].append(name)
    return found
