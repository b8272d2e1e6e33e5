#!/usr/bin/env bash
# The boxes of a PDF page may name any two opposite corners, in any order (ISO 32000-2, 7.9.5), and a crop box counts only
# as far as the page goes (14.11.2). pypdf hands over the numbers as they stand: one A4 page is −595 points wide, of another
# it says 1000 × 1300. PDFium makes A4 of both. Of a page whose unit is more than a point (UserUnit, for large posters), it is
# PDFium that has the size of a sheet half as wide as it is, and draws that; MuPDF has multiplied.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pypdf==7.1.1 pypdfium2==5.15.2 pymupdf==2.0
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import pymupdf
import pypdf
import pypdfium2
from pypdf.generic import ArrayObject, FloatObject, NameObject, NumberObject

print("pypdf", pypdf.__version__, "pypdfium2", pypdfium2.version.PYPDFIUM_INFO, "PyMuPDF", pymupdf.VersionBind)


def box(*corners):
    return ArrayObject(FloatObject(each) for each in corners)


def sizes(**entries):
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(595, 842)
    page.update({NameObject(f"/{name}"): value for name, value in entries.items()})
    out = io.BytesIO()
    writer.write(out)
    read = pypdf.PdfReader(out).pages[0]
    with pymupdf.open(stream=out.getvalue()) as other:
        rect = other[0].rect
    document = pypdfium2.PdfDocument(out.getvalue())
    found = tuple(
        (round(float(width)), round(float(height)))
        for width, height in (
            (read.cropbox.width, read.cropbox.height), document[0].get_size(), (rect.width, rect.height)
        )
    )
    document.close()
    return found


seen = {
    "plain": sizes(),
    "corners the other way round": sizes(MediaBox=box(595, 842, 0, 0)),
    "crop box beyond the page": sizes(CropBox=box(-100, -100, 900, 1200)),
    "unit of two points": sizes(UserUnit=NumberObject(2)),
}
for name, found in seen.items():
    print(f"{name}: pypdf {found[0]}, PDFium {found[1]}, MuPDF {found[2]}")
A4, A2 = (595, 842), (1190, 1684)
expected = [(A4,) * 3, ((-595, -842), A4, A4), ((1000, 1300), A4, A4), (A4, A4, A2)]
sys.exit(list(seen.values()) != expected)
PYTHON
