"""The guides say the same in French and English, in the product's own words, with its own numbers."""

from __future__ import annotations

import datetime as dt
import functools
import re
import unicodedata
from pathlib import Path

import pytest
from django.conf import settings
from scripts.legibility_table import legibility_tables, main, with_tables

from beffroi_server.accounts import jobs as account_jobs
from beffroi_server.accounts import undo
from beffroi_server.accounts.models import Town
from beffroi_server.api import jobs as api_jobs
from beffroi_server.backups import writing as backups
from beffroi_server.channels import browser_subscribers, subscribers
from beffroi_server.library import versions
from beffroi_server.notifications import notices
from beffroi_server.web.accounts import sign_in_attempts

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SHORT_GUIDES = (
    "screen", "daily", "on-call-card", "security", "keys", "accessibility", "data-protection", "electoral-period",
    "capacity",
)  # fmt: skip
GUIDES = ("guide", *SHORT_GUIDES)
CATALOGUE = ROOT / "server/beffroi_server/web/locale/fr/LC_MESSAGES/django.po"
RUN_BY = {
    "beffroi-server doctor": "tests/server/doctor/test_examination.py",
    "sudo beffroi-player doctor": "tests/player/doctor/test_player_doctor.py",
    "beffroi-server plays": "tests/server/fleet/plays/test_play_audit.py",
    "beffroi-server plays verify": "tests/server/fleet/plays/test_display_log.py",
    "beffroi-server audit verify": "tests/server/accounts/test_audit_verification.py",
    "beffroi-server backup-list": "tests/server/backups/test_backups.py",
    "beffroi-server export": "tests/server/town_export/test_town_export.py",
    "beffroi-server init": "tests/server/test_keys_runbook.py",
    "beffroi-server keys": "tests/server/test_keys_runbook.py",
    "beffroi-provisioning keys": "tests/server/test_keys_runbook.py",
    "beffroi-server link": "tests/server/test_bootstrap.py",
    "beffroi-player status": "tests/player/test_processes.py",
    "make bench": "tests/benchmarks/test_benchmarks.py",
}
"""Commands of the guides, and the tests that run them. Those of the installation have their own."""


def text_of(name: str, language: str) -> str:
    return (DOCS / f"{name}.{language}.md").read_text(encoding="utf-8")


def form_of(text: str) -> list[str]:
    """Return headings by level, rows of tables by cells, items of lists, and blocks of commands, in their order."""
    found = []
    for line in text.splitlines():
        if mark := re.match(r"#+(?= )|\s*- \[ \]|- |\d+\. |\s*```\w*|!\[|> \*\*", line):
            found.append(mark[0])
        elif line.startswith("|"):
            found.append(f"row of {line.count('|') - 1}")
    return found


@pytest.mark.parametrize("name", GUIDES)
def test_the_guides_say_the_same_in_both_languages(name: str) -> None:
    assert [form for form in form_of(text_of(name, "fr")) if name != "guide" or form.startswith("#")] == [
        form for form in form_of(text_of(name, "en")) if name != "guide" or form.startswith("#")
    ]


def anchors_of(page: Path) -> set[str]:
    """Return the names by which the site links to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    ascii_only = [unicodedata.normalize("NFKD", each).encode("ascii", "ignore").decode().lower() for each in headings]
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", each).strip()) for each in ascii_only}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", SHORT_GUIDES)
def test_links_lead_to_headings(name: str, language: str) -> None:
    page = DOCS / f"{name}.{language}.md"
    links = re.findall(r"\]\(([\w.-]*)#([\w-]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if link[1] not in anchors_of(DOCS / link[0] if link[0] else page)] == []


@functools.cache
def words_of_the_product() -> dict[str, list[str]]:
    """Return the texts of the pages in each language."""
    texts: dict[str, list[str]] = {"en": [], "fr": []}
    entry = re.compile(r'^(msgid|msgstr)(?:_plural|\[\d\])? ((?:".*"\n?)+)', re.MULTILINE)
    for kind, quoted in entry.findall(CATALOGUE.read_text(encoding="utf-8")):
        text = "".join(re.findall(r'"(.*)"', quoted)).replace('\\"', '"').replace("%%", "%")
        texts["en" if kind == "msgid" else "fr"].append(plain(text))
    return texts


def is_said(words: str, texts: list[str]) -> bool:
    """Tell whether the pages say something; a gap of a text, such as ``%(seconds)s``, stands for anything."""
    if words in texts:
        return True
    open_texts = [each for each in texts if "%(" in each and each[0] != "%" and words.startswith(each.split("%(")[0])]
    return any(re.fullmatch(re.sub(r"%\\\(\w+\\\)[sd]", ".+", re.escape(each)), words) for each in open_texts)


def plain(text: str) -> str:
    """Return a text with ordinary spaces only."""
    return re.sub(r"\s+", " ", text).strip()


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", SHORT_GUIDES)
def test_what_stands_in_italics_is_a_text_of_the_pages(name: str, language: str) -> None:
    text = re.sub(r"```.*?```|\*\*|`[^`]*`|\]\([^)]*\)", "", text_of(name, language), flags=re.DOTALL)
    named = {plain(each) for each in re.findall(r"(?<!\w)\*([^*|]+)\*", text)}
    texts = words_of_the_product()[language]
    assert sorted(each for each in named if not is_said(each, texts)) == []


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", SHORT_GUIDES)
def test_every_command_is_run_by_a_test(name: str, language: str) -> None:
    blocks = re.findall(r"^ *```sh\n(.*?)```$", text_of(name, language), re.MULTILINE | re.DOTALL)
    commands = {line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()} - {""}
    for command in commands:
        known = max((each for each in RUN_BY if command.startswith(each)), key=len, default="")
        assert known, f"no test runs {command}"
        assert known.split()[-1] in (ROOT / RUN_BY[known]).read_text(encoding="utf-8")


def durations(language: str) -> dict[str, str]:
    """Return what the data protection sheet says of each of the program's own numbers."""
    months, days = {"en": ("months", "days"), "fr": ("mois", "jours")}[language]

    def field(name: str) -> int:
        return int(Town._meta.get_field(name).default)

    def spoken(span: dt.timedelta) -> str:
        return str(span.days)

    hours = round(subscribers.CONFIRM_WITHIN.total_seconds() / 3600)
    years = {3: {"en": "three", "fr": "trois"}}[browser_subscribers.KEPT.days // 365][language]
    rows = {
        ("session:", "session :"): f"{settings.SESSION_COOKIE_AGE // 86_400} {days}",
        ("one-time links", "liens à usage"): f"{spoken(account_jobs.KEPT)} {days}",
        ("cookie that", "cookie qui"): f"{sign_in_attempts.DEVICE_COOKIE_AGE_S // 86_400} {days}",
        ("versions of", "versions d"): str(versions.VERSIONS_KEPT),
        ("undo", "annulation"): f"{round(undo.UNDO_PERIOD.total_seconds() / 60)} minutes",
        ("messages to", "messages qui"): f"{spoken(notices.KEPT)} {days}",
        ("who took care", "qui s’est chargé"): f"{field('outages_months')} {months}",
        ("alerts by mail", "alertes par courriel"): f"{hours} {'hours' if language == 'en' else 'heures'}",
        ("alerts by the", "alertes par le"): years,
        ("proof of play", "preuve de"): f"{field('plays_months')} {months}",
        ("signed alerts", "alertes signées"): f"{field('alert_sets_months')} {months}",
        ("answers of", "réponses de"): spoken(api_jobs.KEPT),
        ("backups", "sauvegardes"): str(backups.DEFAULT_KEPT),
    }
    return {names[language == "fr"]: said for names, said in rows.items()}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_durations_of_the_data_protection_sheet_are_those_of_the_program(language: str) -> None:
    rows = re.findall(r"^\| (.+) \| (.+) \| (.+) \|$", text_of("data-protection", language), re.MULTILINE)
    for beginning, said in durations(language).items():
        found = [last for first, _why, last in rows if first.startswith(beginning)]
        assert len(found) == 1, beginning
        assert re.search(rf"\b{said}\b", found[0]), (beginning, said, found[0])


@pytest.mark.parametrize("language", ["en", "fr"])
def test_measured_figures_of_the_capacity_are_published_with_their_command(language: str) -> None:
    published = "".join((DOCS / each).read_text(encoding="utf-8") for each in ("benchmarks.md", "settings.md"))
    rows = re.findall(r"^\| .+ \| (.+) \| `make bench NAME=(\w+)` \|$", text_of("capacity", language), re.MULTILINE)
    assert len(rows) == 8
    for answer, name in rows:
        assert (ROOT / f"benchmarks/{name}.py").exists()
        figures = re.findall(r"\d+(?:[.,]\d+)?(?= ?(?:ms|%|µs|GB|Go|MB|Mo)\b|%)", answer)
        assert [each for each in figures if each.replace(",", ".") not in published and each != "70"] == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_legibility_tables_are_those_of_the_renderer(language: str) -> None:
    guide = text_of("screen", language)
    assert with_tables(guide, language) == guide, "run `make guides`"
    assert all(len(table.splitlines()) > 5 for table in legibility_tables(language).values())


def test_only_the_legibility_tables_are_written_anew(tmp_path: Path) -> None:
    for language in ("en", "fr"):
        guide = "".join(f"<!-- {name} -->\nold\n<!-- /{name} -->\n" for name in ("distances", "displays", "words"))
        (tmp_path / f"screen.{language}.md").write_text(f"# Before\n{guide}After\n", encoding="utf-8")
    main(tmp_path)
    written = (tmp_path / "screen.fr.md").read_text(encoding="utf-8")
    assert written.startswith("# Before\n<!-- distances -->\n| distance du public |")
    assert written.endswith("<!-- /words -->\nAfter\n")
    assert "old" not in written
    with pytest.raises(ValueError, match="distances"):
        with_tables("# Nothing\n", "en")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_card_of_the_officer_fits_one_page(language: str) -> None:
    card = text_of("on-call-card", language)
    assert len(card.split()) < 420
    assert len(card.splitlines()) < 50
