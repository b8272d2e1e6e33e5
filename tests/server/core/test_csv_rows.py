"""Tables for spreadsheets, of which no cell is run."""

from __future__ import annotations

import csv
import io

import pytest

from beffroi_server.core.csv_rows import csv_lines


def read(rows, separator=","):
    text = b"".join(csv_lines(rows, separator=separator)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_a_text_is_no_formula(start):
    assert read([[f'{start}HYPERLINK("http://x")']]) == [[f'\'{start}HYPERLINK("http://x")']]


def test_numbers_and_texts_stay(db):
    assert read([["Été", 12, -3, 1.5, "a;b\nc"]], ";") == [["Été", "12", "-3", "1.5", "a;b\nc"]]
