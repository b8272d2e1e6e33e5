"""Reader of tables: files as spreadsheets write them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from beffroi_server.feeds.readers.reading import FeedContentError, Reading, ReadingContext
from beffroi_server.feeds.readers.tables import MAX_ROWS, read_table

PARIS = ZoneInfo("Europe/Paris")
NOW = dt.datetime(2026, 11, 29, 9, 0, tzinfo=PARIS)


def read(content: str | bytes) -> Reading:
    return read_table(content.encode() if isinstance(content, str) else content, ReadingContext(PARIS, NOW))


def rows(content: str | bytes) -> list[list[str]]:
    data = read(content).data
    return [data["heading"], *data["rows"]]


def reasons(content: str | bytes) -> list[tuple[str, str, str]]:
    return [(part.what, part.reason, part.where) for part in read(content).skipped.named]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('A;B\n"Bœuf ""bourguignon"", pommes";x\n', [["A", "B"], ['Bœuf "bourguignon", pommes', "x"]]),
        ('Jour;Plat\nLundi;"Riz\nBœuf"\nMardi;Ail\n', [["Jour", "Plat"], ["Lundi", "Riz Bœuf"], ["Mardi", "Ail"]]),
        ('Nom,Adresse\nMairie,"1, place X"\n', [["Nom", "Adresse"], ["Mairie", "1, place X"]]),
        ('A;B\nB;"Salle ""Mozart"" ; entrée libre"\n', [["A", "B"], ["B", 'Salle "Mozart" ; entrée libre']]),
        ("sep=;\nJour;Plat\nLundi;Riz\n", [["Jour", "Plat"], ["Lundi", "Riz"]]),
        ('"sep=|"\nJour|Plat\nLundi|Riz\n', [["Jour", "Plat"], ["Lundi", "Riz"]]),
        ("Jour;Plat;;;;;;;;;\nLundi;Riz;;;;;;;;;\n;;;;;;;;;;\n", [["Jour", "Plat"], ["Lundi", "Riz"]]),
        (";Jour;;Plat\n;Lundi;;Riz\n", [["Jour", "Plat"], ["Lundi", "Riz"]]),
        ("Annonce\nBal, samedi\nLoto, dimanche, à 14 h\n", [["Annonce"], ["Bal, samedi"], ["Loto, dimanche, à 14 h"]]),
        ("Annonce\nBal, samedi\nLoto, dimanche\n", [["Annonce"], ["Bal, samedi"], ["Loto, dimanche"]]),
        ("Nom;Prix\nPain;1,2 €\nBus;1\u202f250,9 €\n", [["Nom", "Prix"], ["Pain", "1,2 €"], ["Bus", "1\u202f250,9 €"]]),
        ("Menu\n\nJour;Plat\nLundi;Riz\n", [["Menu"], ["Jour", "Plat"], ["Lundi", "Riz"]]),
        ("Jour, Plat\nLundi, Riz\n", [["Jour", "Plat"], ["Lundi", "Riz"]]),
        ("Âge;Tarif\n<6 ans;0 €\n>60 ans;R&D\n", [["Âge", "Tarif"], ["<6 ans", "0 €"], [">60 ans", "R&D"]]),
    ],
)  # fmt: skip
def test_a_file_of_a_spreadsheet_is_read_as_it_was_written(content, end, expected):
    assert rows(content.replace("\n", end)) == expected
    assert not reasons(content)


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "mac-roman"],
)
@pytest.mark.parametrize("text", ["Pâté de bœuf, l’été « à volonté », 5 €", "Fête", "ÉTÉ À LA PLAGE", "Kermesse"])
def test_accents_survive_every_encoding(encoding, text):
    assert rows(f"Jour\tEntrée\r\nLundi\t{text}\r\n".encode(encoding)) == [["Jour", "Entrée"], ["Lundi", text]]


def test_a_mark_of_an_encoding_that_is_not_true_costs_nothing():
    assert rows(b"\xef\xbb\xbf" + "Jour;Entrée\nLundi;Pâtes".encode("cp1252")) == [
        ["Jour", "Entrée"],
        ["Lundi", "Pâtes"],
    ]


def test_one_bad_byte_costs_one_letter():
    content = "Jour;Entrée\nLundi;Bœuf à l’\nMardi;".encode() + b"Cr\xe8me\nJeudi;" + "Pâtes".encode()

    assert rows(content)[1:] == [["Lundi", "Bœuf à l’"], ["Mardi", "Crème"], ["Jeudi", "Pâtes"]]
    assert reasons(content) == [("letter", "bad-byte", "3")]


@pytest.mark.parametrize(
    ("content", "expected", "reason"),
    [
        ('a,b\n"open,2\n3,4\n', [["a", "b"], ["open", "2"], ["3", "4"]], ("row", "stray-quote", "2")),
        ('a;b\n"x"y;2\n3;4\n', [["a", "b"], ['x"y', "2"], ["3", "4"]], ("row", "stray-quote", "2")),
        (f"a;b\n{'x' * 200};2\n", [["a", "b"], ["x" * 99 + "…", "2"]], ("cell", "shortened", "2")),
        ("a;b\n" + "1;2\n" * 4 + ";".join("123456789") + "\n", None, ("row", "too-many-cells", "6")),
    ],
)
def test_one_odd_row_is_named_and_costs_no_other(content, expected, reason):
    assert reasons(content) == [reason]
    assert expected is None or rows(content) == expected


def test_of_a_long_table_past_days_leave_first():
    days = [dt.date(2026, 9, 1) + dt.timedelta(number) for number in range(200)]
    content = "Jour;Plat\n" + "\n".join(f"{day:%d/%m/%y};x" for day in days)

    assert rows(content)[1][0] == "29/11/26"
    assert len(rows(content)) == MAX_ROWS + 1
    assert reasons(content) == [("row", "too-many-rows", "151–201")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04\x14\x00" + b"x" * 50, "spreadsheet"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 50, "spreadsheet"),
        (b"<!DOCTYPE html>\n<p>a;b</p>\n<p>c;d</p>\n", "not-a-table"),
        (b"<!-- x -->\n<p>a;b</p>\n", "not-a-table"),
        (b'<rss version="2.0">\n<channel>\n</channel></rss>', "not-a-table"),
        (b'{\n "error": "quota",\n "code": 4\n}\n', "not-a-table"),
        (b"BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n", "not-a-table"),
        (b"\x89PNG\r\n\x1a\n\x00\x01;\x02\n\x03\n", "not-a-table"),
        (b"\xff\xfe", "empty"),
        (b'"', "empty"),
        (b";;;\n;;;\n", "empty"),
    ],
)
def test_what_is_no_table_is_refused(content, code):
    with pytest.raises(FeedContentError, match=code):
        read(content)
