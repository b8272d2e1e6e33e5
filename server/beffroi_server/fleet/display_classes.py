"""Screen classes for displays of which only the pixels are known, as a player reports them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from beffroi_content.model import DisplayTechnology
from beffroi_server.accounts.models import User
from beffroi_server.fleet import services
from beffroi_server.fleet.models import ScreenClass
from beffroi_server.fleet.pairing_models import Pairing

PANEL_SIDE = 640
"""Pixels: what is smaller is taken for a panel of LEDs."""
PANEL_PITCH_MM, PANEL_DISTANCE_MM = 10, 10_000
LANDSCAPE_MM, PORTRAIT_MM, DISTANCE_MM = 680, 1_210, 4_000
"""Of a display of 55 inches, the usual one."""


def fits(row: ScreenClass, pairing: Pairing) -> bool:
    """Tell whether a screen class has the pixels of a player's display, upright or on its side."""
    return {row.width, row.height} == {pairing.width, pairing.height}


def hangs_as(row: ScreenClass, pairing: Pairing, rotation: int) -> bool:
    """Tell whether the display has the pixels of a screen class once it hangs turned by so many degrees."""
    size = pairing.width, pairing.height
    return (row.width, row.height) == (size if rotation in (0, 180) else size[::-1])


def class_of_size(width: int, height: int, *, user: User | None) -> ScreenClass:
    """Return a screen class of that size; where there is none it is added, with the usual physical size.

    Raises:
        NotPermitted: the user may not add one.
        ValidationError: no screen can have that size.
    """
    found = ScreenClass.objects.filter(width=width, height=height).order_by("pk").first()
    if found is not None:
        return found
    is_panel = max(width, height) < PANEL_SIDE
    name = f"{width} × {height}"
    row = ScreenClass(
        name=name if not ScreenClass.objects.filter(name=name).exists() else _("Display %(size)s") % {"size": name},
        width=width, height=height,
        technology=(DisplayTechnology.LED if is_panel else DisplayTechnology.LCD).value,
        physical_height_mm=PANEL_PITCH_MM * height if is_panel else LANDSCAPE_MM if width >= height else PORTRAIT_MM,
        viewing_distance_mm=PANEL_DISTANCE_MM if is_panel else DISTANCE_MM,
    )  # fmt: skip
    services.save_screen_class(row, user=user)
    return row
