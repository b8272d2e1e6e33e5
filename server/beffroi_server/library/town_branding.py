"""The town as screens show it: its name, colour, place, a logo, and the addresses of its public pages.

Screens of a municipality show that one instead; what it does not say is that of the town, which is then the
intercommunality. The logo is an image of the library, which the packages below do not know: it has rows here.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse

from beffroi_content import model as content
from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.models import Town, User
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import municipalities
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library.models import MediaItem, MunicipalityLogo, PublicSettings, TownLogo

LOGO_RELATION = "chosen_logo__image__picture"
"""For ``select_related`` where a town's or a municipality's content is built."""
TOWN_RELATIONS = (LOGO_RELATION, "public_settings")
"""The same for the town, with the addresses of its public pages."""


def logo_of(town: Town | Municipality) -> MediaItem | None:
    """Return the image that is the logo of the town or of a municipality."""
    chosen: TownLogo | MunicipalityLogo | None = getattr(town, "chosen_logo", None)
    return chosen.image if chosen is not None else None


def local_town(town: Town, municipality: Municipality | None) -> Town:
    """Return the town as the screens of a municipality show it: a copy, not to be saved.

    Args:
        town: The town.
        municipality: With its logo; None for screens that belong to none.
    """
    if municipality is None:
        return town
    shown = copy.copy(town)
    shown.name, shown.colour = municipality.name, municipality.colour
    shown.holiday_region = municipality.holiday_region or town.holiday_region
    if municipality.latitude is not None:
        shown.latitude, shown.longitude = municipality.latitude, municipality.longitude
    logo = logo_of(municipality)
    if logo is not None:
        shown._state.fields_cache["chosen_logo"] = TownLogo(image=logo)
    return shown


def town_of_screen(screen: Screen, town: Town) -> Town:
    """Return the town as a screen shows it; without a query for a screen of :func:`with_municipality`."""
    return local_town(town, municipalities.municipality_of(screen))


def with_municipality(screen: Screen) -> Screen:
    """Return a copy of a screen with its groups as they are now, and its municipality with the logo: one query."""
    return municipalities.with_groups(screen, f"municipality__{LOGO_RELATION}")


def town_content(town: Town) -> content.Town:
    """Return the town as a manifest carries it."""
    logo = logo_of(town)
    known = town.latitude is not None and town.longitude is not None
    place = {"latitude": town.latitude, "longitude": town.longitude} if known else {}
    reference = logo.reference() if logo is not None else None
    return content.Town.model_validate({"name": town.name, "colour": town.colour, "logo": reference, **place})


def permalink_of(announcement: uuid.UUID, town: Town) -> str:
    """Return the address at which anybody reads an announcement that is on the screens; empty without a public page."""
    public: PublicSettings | None = getattr(town, "public_settings", None)
    if public is None or not public.is_on:
        return ""
    return settings.PUBLIC_URL + reverse("public-announcement", args=[announcement])


def save_town(town: Town, *, logo: MediaItem | None, user: User | None) -> None:
    """Save changes of the town with its logo; every programme becomes due.

    Raises:
        ValidationError: a value is not valid.
    """
    with serialised():
        former = TownLogo.objects.filter(town=town).select_related("image").first()
        if logo is None:
            TownLogo.objects.filter(town=town).delete()
        else:
            TownLogo.objects.update_or_create(town=town, defaults={"image": logo})
        names = (str(former.image) if former is not None else "", str(logo or ""))
        accounts.update_town(town, user=user, logo=names)


def save_municipality(
    municipality: Municipality,
    *,
    logo: MediaItem | None,
    screens: Iterable[Screen] | None = None,
    user: User | None,
) -> None:
    """Create a municipality or save a change of one, with its logo; the programmes of its screens become due.

    Args:
        municipality: With its new values.
        logo: Its logo; None for that of the town.
        screens: Its screens; None leaves them as they are.
        user: Who does it; None for the server.

    Raises:
        NotPermitted: the user administers neither the town nor this municipality.
        ValidationError: a value is not valid, or a screen belongs to another municipality.
    """
    with serialised():
        former = None
        if municipality.pk:
            former = MunicipalityLogo.objects.filter(municipality=municipality).select_related("image").first()
        names = (str(former.image) if former is not None else "", str(logo or ""))
        municipalities.save_municipality(municipality, screens=screens, logo=names, user=user)
        if logo is None:
            MunicipalityLogo.objects.filter(municipality=municipality).delete()
        else:
            MunicipalityLogo.objects.update_or_create(municipality=municipality, defaults={"image": logo})
