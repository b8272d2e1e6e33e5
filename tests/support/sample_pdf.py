"""Small PDF documents with a form."""

from __future__ import annotations


def form_document(text: str) -> bytes:
    """Return a page with one text field, filled in as a program for forms does (ISO 32000-1, 12.7)."""
    appearance = f"/Tx BMC q BT /F 60 Tf 10 20 Td ({text}) Tj ET Q EMC".encode()
    font = b"<< /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Annots [4 0 R] >>",
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (date) /V (%s) /F 4 /Rect [50 50 350 150] /AP << /N 5 0 R >> >>"
        % text.encode(),
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 300 100] /Resources << /Font %s >> /Length %d >>\nstream\n%s\n"
        b"endstream" % (font, len(appearance), appearance),
    ]
    made, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return made + trailer % (table, len(made))
