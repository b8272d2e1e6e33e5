"""Many new screens at once, from a list of names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from beffroi_server.accounts.models import User
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import services
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.slugs import free_slug


class NewScreen(NamedTuple):
    """A screen that is to be added."""

    name: str
    place: str = ""


def read_new_screens(text: str) -> list[NewScreen]:
    """Return the screens of a text: one on each line, its place after a semicolon or a tab.

    Raises:
        ValidationError: a name is too long, or is there twice, or a screen has it already.
    """
    found: list[NewScreen] = []
    for number, line in enumerate(text.splitlines(), start=1):
        name, _mark, place = line.replace("\t", ";").partition(";")
        if not line.strip():
            continue
        screen = NewScreen(name.strip(), place.strip().strip(";").strip())
        if not 0 < len(screen.name) <= 80 or len(screen.place) > 200:
            raise ValidationError(
                _("Line %(number)d: a name has 1 to 80 characters, a place 200 at most.") % {"number": number}
            )
        found.append(screen)
    names = [screen.name for screen in found]
    double = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    double |= set(Screen.objects.filter(name__in=names).values_list("name", flat=True))
    if double:
        raise ValidationError(
            _("These names are there already, or twice: %(names)s. Choose the screens in the list, or other names.")
            % {"names": ", ".join(sorted(double)[:10])}
        )
    return found


def add_screens(
    wanted: Iterable[NewScreen], screen_class: ScreenClass, groups: Sequence[ScreenGroup], *, user: User | None
) -> list[Screen]:
    """Add screens of one class to some groups, all of them or none.

    Raises:
        NotPermitted: the user does not look after screens, or not after these groups.
        ValidationError: a value is not valid.
    """
    with serialised():
        return [
            services.save_screen(
                Screen(
                    name=each.name, place=each.place, screen_class=screen_class, slug=free_slug(Screen, each.name)
                ),
                user=user, groups=groups,
            )
            for each in wanted
        ]  # fmt: skip
