#!/usr/bin/env bash
# pyexcel-ods3, asked for a table of an OpenDocument file, gives None for a time of day with a fraction of a second. What a
# spreadsheet has worked out often has one, such as 18:00 plus half an hour: the cell shows 18:30, and the row comes without
# a time. So does a time below zero, whereas of a date with a time the fraction is cut off. An amount of money is a text,
# “12.5 EUR”, and where the file does not name the currency, which it need not, a TypeError. python-calamine has the time.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyexcel-ods3==0.6.1 odfpy==1.4.1 python-calamine==0.9.1
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
from importlib.metadata import version

import pyexcel_ods3
import python_calamine
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow

path = f"{sys.argv[1]}/a.ods"
for name in ("pyexcel-ods3", "odfpy", "python-calamine"):
    print(name, version(name))


def read(**attributes):
    document, table, row = OpenDocumentSpreadsheet(), Table(name="A"), TableRow()
    for each in (attributes, {"valuetype": "float", "value": "7"}):
        row.addElement(TableCell(**each))
    table.addElement(row)
    document.spreadsheet.addElement(table)
    document.save(path)
    other = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()[0][0]
    try:
        return str(pyexcel_ods3.get_data(path)["A"][0][0]), str(other)
    except TypeError as error:
        return type(error).__name__, str(other)


cells = {
    "18:30": {"valuetype": "time", "timevalue": "PT18H30M00S"},
    "18:30, worked out": {"valuetype": "time", "timevalue": "PT18H30M00.000000003S"},
    "day, 18:30, worked out": {"valuetype": "date", "datevalue": "2027-02-01T18:30:00.000000003"},
    "one hour early": {"valuetype": "time", "timevalue": "-PT01H00M00S"},
    "12.5 euro": {"valuetype": "currency", "value": "12.5", "currency": "EUR"},
    "12.5": {"valuetype": "currency", "value": "12.5"},
}
seen = {name: read(**attributes) for name, attributes in cells.items()}
for name, (found, other) in seen.items():
    print(f"{name}: pyexcel-ods3 {found}, python-calamine {other}")
expected = ["18:30:00", "None", "2027-02-01 18:30:00", "None", "12.5 EUR", "TypeError"]
sys.exit([found for found, _other in seen.values()] != expected)
PYTHON
