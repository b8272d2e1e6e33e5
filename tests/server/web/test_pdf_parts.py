"""Parts of PDF documents: how their lines are broken."""

from __future__ import annotations

import pypdfium2
import pytest

from beffroi_server.web import pdf_parts

NARROW = "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize("value", [f"10{NARROW}000", f"Évacuez{NARROW}!"])
def test_a_line_never_breaks_at_a_narrow_space(value: str) -> None:
    pdf_parts.register_fonts()
    first, last = value.split(NARROW)
    story = [pdf_parts.text(f"{'x' * number} {f'{value} ' * 60}", "plain", 10) for number in range(1, 12)]
    document = pypdfium2.PdfDocument(pdf_parts.draw_document("Report", "Saint-Aubin", story, ""))
    lines = [line for page in document for line in page.get_textpage().get_text_range().splitlines()]

    assert sum(line.count(last) for line in lines) == 60 * 11
    assert not [line for line in lines if line.rstrip().endswith(first)]
