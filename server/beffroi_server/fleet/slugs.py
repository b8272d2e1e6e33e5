"""Identifiers of screens and groups, made of their names."""

from __future__ import annotations

from django.utils.text import slugify

from beffroi_server.fleet.models import Screen, ScreenGroup

RESERVED_SLUGS = frozenset({"add", "new"})
"""Identifiers that no screen can have, since pages have these addresses."""
SLUG_LENGTH = 40


def free_slug(model: type[Screen | ScreenGroup], name: str) -> str:
    """Return an identifier made of a name that no row of the model has yet."""
    base = slugify(name)[: SLUG_LENGTH - 4].strip("-") or model._meta.model_name or "screen"
    taken = set(model._default_manager.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED_SLUGS
    candidates = (base if number == 1 else f"{base}-{number}" for number in range(1, len(taken) + 2))
    return next(candidate for candidate in candidates if candidate not in taken)
