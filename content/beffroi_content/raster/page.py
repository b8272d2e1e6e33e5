"""Pages: lists of items to paint, so that a layout can be counted, tested and compared without pixels."""

from __future__ import annotations

from dataclasses import dataclass, field

from beffroi_content.model import AssetReference, ImageFit
from beffroi_content.raster.graphics.palettes import Rgb
from beffroi_content.raster.graphics.pictograms import Pictogram
from beffroi_content.raster.text.fonts import TextStyle

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are not included."""


@dataclass(frozen=True, slots=True)
class FilledBox:
    """A rectangle, with rounded corners if ``radius`` is given."""

    box: Box
    colour: Rgb
    radius: int = 0


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text, from its left end on the baseline."""

    x: int
    baseline: int
    text: str
    style: TextStyle
    colour: Rgb
    is_rtl: bool | None = None
    """Direction of its paragraph; None: that of its first letter."""
    before: str = ""
    """Class of the last strong letter of its paragraph before it, see :func:`bidi.resolve_levels`."""


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """An image in a box."""

    box: Box
    image: AssetReference
    fit: ImageFit


@dataclass(frozen=True, slots=True)
class PlacedPictogram:
    """A pictogram in a square box."""

    box: Box
    pictogram: Pictogram
    colour: Rgb
    hollow: Rgb
    """The colour of what is cut out of it."""


@dataclass(frozen=True, slots=True)
class StripedBox:
    """Diagonal stripes."""

    box: Box
    colour: Rgb
    other: Rgb


@dataclass(frozen=True, slots=True)
class PlacedLogo:
    """An image with its own outline, such as the town's logo: whole, in the middle of its box, or not at all."""

    box: Box
    image: AssetReference


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code in a square box, with a white border of four modules."""

    box: Box
    rows: tuple[str, ...]
    """One character for each module: ``1`` is dark."""


Item = FilledBox | TextLine | PlacedImage | PlacedPictogram | StripedBox | PlacedLogo | QrCode


@dataclass(slots=True)
class Page:
    """One frame before painting: a ground colour and items in painting order."""

    size: tuple[int, int]
    ground: Rgb
    items: list[Item] = field(default_factory=list)
    is_turned: bool = False
    """Whether its frame is the page turned clockwise by 90 degrees: a narrow column is read from the top down."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of text, in painting order."""
        return tuple(item.text for item in self.items if isinstance(item, TextLine))

    def add(self, *items: Item) -> None:
        """Append items, to be painted on top of those before."""
        self.items.extend(items)
