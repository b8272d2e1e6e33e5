"""Pages of PDF documents as images, with the fields of forms as they were filled in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from PIL import Image

PAGE_LONG_SIDE = 2560
"""Pixels of a document's page on its long side: text at this size is sharp on a screen of 3840 pixels, too."""
_MAX_SHAPE = 40
"""Long side by short side of a page at most."""
_XFA_FORM = 2
"""Form of Adobe's programs (XFA) that is nothing but a notice elsewhere (``FORMTYPE_XFA_FULL`` of PDFium)."""


class DocumentUnreadable(Exception):
    """A document cannot be opened; the argument is the code of the reason."""


class Document:
    """An opened PDF document.

    Args:
        path: Its file.

    Raises:
        DocumentUnreadable: it is locked by a password or damaged.
    """

    def __init__(self, path: Path) -> None:
        import pypdfium2  # noqa: PLC0415 - only a document needs it

        try:
            self._document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            raise DocumentUnreadable("locked" if "password" in str(error).lower() else "truncated") from error
        with suppress(pypdfium2.PdfiumError):
            # Before any page is loaded: fields of pages that are open already stay empty.
            self._document.init_forms()

    def __len__(self) -> int:
        return len(self._document)

    @property
    def is_adobe_form(self) -> bool:
        """True if its pages are drawn by Adobe's own programs only."""
        return bool(self._document.get_formtype() == _XFA_FORM)

    def pages(self, count: int) -> Iterator[tuple[int, Image.Image | None]]:
        """Yield the first pages with their numbers from 1; None stands for one that cannot be read."""
        for number in range(min(count, len(self))):
            yield number + 1, self._page_image(number)

    def _page_image(self, number: int) -> Image.Image | None:
        try:
            page: Any = self._document[number]
            width, height = page.get_size()
            if min(width, height) < 1 or max(width, height) > _MAX_SHAPE * min(width, height):
                return None
            bitmap = page.render(
                scale=PAGE_LONG_SIDE / max(width, height), fill_color=(255, 255, 255, 255), may_draw_forms=True
            )
            image: Image.Image = bitmap.to_pil().convert("RGB")
        except (RuntimeError, ValueError):  # PDFium's own error is a RuntimeError
            return None
        return image
