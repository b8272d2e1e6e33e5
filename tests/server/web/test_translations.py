"""The French texts of the pages: complete, compiled, and set as French is set."""

from __future__ import annotations

import gettext
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.waiting import PATIENCE_S

import beffroi_server

SOURCE = Path(beffroi_server.__file__).parent
CATALOGUE = SOURCE / "web" / "locale" / "fr" / "LC_MESSAGES" / "django.po"


def messages(path: Path) -> str:
    """Return what a catalogue says, without its header."""
    return path.read_text(encoding="utf-8").partition("\n\n")[2]


def printed(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=4 * PATIENCE_S).stdout


def test_every_text_of_the_pages_is_in_the_catalogue(tmp_path):
    copy = shutil.copytree(SOURCE, tmp_path / "beffroi_server", ignore=shutil.ignore_patterns("static", "__pycache__"))
    command = ["makemessages", "--locale", "fr", "--no-location", "--no-wrap", "--no-obsolete"]
    code = (
        "from django.conf import settings; from django.core.management import call_command;"
        "settings.configure(LOCALE_PATHS=['web/locale'], USE_I18N=True); import django; django.setup();"
        f"call_command({', '.join(map(repr, command))})"
    )
    subprocess.run([sys.executable, "-c", code], cwd=copy, check=True, capture_output=True, timeout=4 * PATIENCE_S)
    collected = copy / CATALOGUE.relative_to(SOURCE)
    assert messages(collected) == messages(CATALOGUE), "run `make messages`, and translate what is new"


def test_every_text_is_translated():
    assert printed("msgattrib", "--untranslated", str(CATALOGUE)) == ""
    assert printed("msgattrib", "--only-fuzzy", str(CATALOGUE)) == ""


def test_what_is_compiled_is_what_is_written(tmp_path):
    compiled = tmp_path / "django.mo"
    printed("msgfmt", "--check-format", "-o", str(compiled), str(CATALOGUE))
    with compiled.open("rb") as written, CATALOGUE.with_suffix(".mo").open("rb") as committed:
        assert gettext.GNUTranslations(written)._catalog == gettext.GNUTranslations(committed)._catalog


def test_french_uses_the_words_of_the_glossary():
    others = {
        "broker": "serveur de messages", "category": "catégorie", "screen class": "classe d’écran",
        "library": "médiathèque", "audit trail": "journal d’audit", "screenshot": "capture d’écran",
        "pairing": "appairage", "playlist": "liste de lecture",
    }  # fmt: skip
    texts = re.findall(
        r'^msgstr(?:\[\d\])? "(.+)"$', messages(CATALOGUE).replace("«\u00a0Médiathèque", ""), re.MULTILINE
    )
    assert [text for text in texts if re.search("|".join(others.values()), text, re.IGNORECASE)] == []


def test_french_is_set_as_french():
    texts = re.findall(r'^msgstr(?:\[\d\])? "(.+)"$', messages(CATALOGUE), re.MULTILINE)
    assert len(texts) > 500
    plain = {text: re.sub(r"<[^>]+>|%\(\w+\)\w", "x", text) for text in texts}
    wrong = [text for text in texts if re.search(r" [;!?:»]|« |'|\w[;!?]|\.\.\.", plain[text])]
    assert wrong == []


def test_a_moment_brings_its_own_preposition():
    # “jusqu’à 10 h” of today is “jusqu’au 30 novembre” of another day: a sentence cannot say which. Days and hours can.
    before = re.compile(r"(jusqu’(?:à|au)|partir d[eu]|depuis(?: le)?|avant(?: le)?) ?:? ?%\((\w+)\)s", re.IGNORECASE)
    found = {(words.lower(), value) for words, value in before.findall(messages(CATALOGUE))}
    assert found <= {("jusqu’au", "day"), ("partir du", "day"), ("partir de", "time")}
