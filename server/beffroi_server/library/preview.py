"""What an announcement looks like, drawn by the player's own functions."""

from __future__ import annotations

from beffroi_content import model as content
from beffroi_server.accounts.models import Town
from beffroi_server.library import ingest
from beffroi_server.screens.models import ScreenClass

CACHE_BYTES = 48 * 1024 * 1024


def preview_pages(announcement: content.Announcement, screen_class: ScreenClass, town: Town) -> tuple[bytes, ...]:
    """Return every page of an announcement on a kind of screen, as PNG.

    Raises:
        RasterError: it cannot be drawn there, for instance since its text is too long.
    """
    raise NotImplementedError


def page_count(slide: content.Slide, settings: content.ScreenSettings) -> int:
    """Return how many frames a slide makes on a screen.

    Raises:
        Unfit: it cannot be drawn there.
    """
    raise NotImplementedError


def read_asset(reference: content.AssetReference) -> bytes:
    """Return the content of a file of the media store.

    Raises:
        OSError: it is not there.
    """
    return ingest.path_of(reference.sha256).read_bytes()
