"""The town as screens show it: its name, colour, place, a logo, and the addresses of its public pages.

The logo is an image of the library, which the accounts package below does not know: it has a row here.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.urls import reverse

from beffroi_content import model as content
from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.models import Town, User
from beffroi_server.core.transactions import serialised
from beffroi_server.library.models import MediaItem, PublicSettings, TownLogo

TOWN_RELATIONS = ("chosen_logo__image__picture", "public_settings")
"""For ``select_related`` where a town's content is built."""


def logo_of(town: Town) -> MediaItem | None:
    """Return the image that is the town's logo."""
    chosen: TownLogo | None = getattr(town, "chosen_logo", None)
    return chosen.image if chosen is not None else None


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
