"""Setting of an alert's sentences into the regions of its pages: sizes, weights and the card of what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.raster.text.text_fitting import (
    ColumnSpace,
    FittedColumn,
    TextBlock,
    fit_column,
    fit_one_page,
)
from beffroi_content.templates.alerts.alert_design import AlertDesign
from beffroi_content.templates.alerts.page_composition import AlertSentence, Region, Role

_WEIGHTS = {
    Role.HEADLINE: FontWeight.BOLD,
    Role.ORDER: FontWeight.BOLD,
    Role.MORE_ORDER: FontWeight.SEMIBOLD,
    Role.FACT: FontWeight.REGULAR,
    Role.CLOSING: FontWeight.REGULAR,
}
_SCALES = {Role.HEADLINE: 0.85, Role.ORDER: 1.0, Role.MORE_ORDER: 0.7, Role.FACT: 0.62, Role.CLOSING: 0.6}
"""Sizes in proportion to what to do."""
_BANNER_SCALES = _SCALES | {Role.HEADLINE: 0.8, Role.MORE_ORDER: 0.8, Role.FACT: 0.8}


@dataclass(frozen=True, slots=True)
class AlertTextSetter:
    """Sets the sentences of one alert; see :class:`page_composition.TextSetter`."""

    design: AlertDesign
    spaces: Mapping[Region, tuple[int, int]]
    """Width and height of each region in pixels."""
    regions: tuple[Region, ...]
    has_card: bool
    """Whether what to do lies on a card of its own."""

    def set_text(self, sentences: Sequence[AlertSentence], region: Region) -> FittedColumn | None:
        """Return the sentences as one page in the largest letters that have room; None where there is none."""
        return fit_one_page(self._blocks(sentences), self._space(region), self.design.sizes)

    def fits(self, sentences: Sequence[AlertSentence], region: Region) -> bool:
        """Tell whether the sentences have room in the smallest letters."""
        return fit_one_page(self._blocks(sentences), self._space(region), self.design.sizes[:1]) is not None

    def set_running(self, sentences: Sequence[AlertSentence], region: Region) -> FittedColumn:
        """Return the sentences in the smallest letters on as many pages as they take, cut at the ends of lines."""
        least = self.design.sizes[0]
        return fit_column(self._blocks(sentences), self._space(region), least, least)

    def _space(self, region: Region) -> ColumnSpace:
        width, height = self.spaces[region]
        return ColumnSpace(
            max(1, width), max(1, height), max(1, height), self.design.grid.crisp, self.design.canvas.locale
        )

    def _blocks(self, sentences: Sequence[AlertSentence]) -> list[TextBlock]:
        design = self.design
        palette, crisp = design.palette, design.grid.crisp
        scales = _BANNER_SCALES if design.is_banner else _SCALES
        gap = 1 if crisp else 0.3 if design.is_banner else 0.75
        leading = 1.4 if design.is_banner else 1.5
        blocks = []
        for role, text in _paragraphs(sentences):
            is_large = role in {Role.HEADLINE, Role.ORDER}
            on_card = role is Role.ORDER and self.has_card and not design.is_over
            blocks.append(
                TextBlock(
                    text, _WEIGHTS[role], scales[role], palette.card_ink if on_card else palette.ink, gap=gap,
                    leading=leading if is_large else leading + 0.1, is_balanced=is_large, least=design.sizes[0],
                    panel=palette.card if on_card else None,
                )
            )  # fmt: skip
        return blocks


def _paragraphs(sentences: Sequence[AlertSentence]) -> list[tuple[Role, str]]:
    """Return the sentences by paragraph: those that follow each other in the same role run on."""
    found: list[tuple[Role, str]] = []
    for sentence in sentences:
        if found and found[-1][0] is sentence.role and sentence.role in {Role.MORE_ORDER, Role.FACT}:
            found[-1] = (sentence.role, f"{found[-1][1]} {sentence.text}")
        else:
            found.append((sentence.role, sentence.text))
    return found
