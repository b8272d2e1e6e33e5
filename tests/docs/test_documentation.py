"""What exists is documented, and what is documented exists."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from beffroi_player.agent.storage import AgentStorage
from beffroi_player.state import directories, file_tables

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_every_setting_of_the_server_is_documented_and_no_other() -> None:
    code = (ROOT / "server/beffroi_server/settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'\bread_[a-z_]+\(\s*"(BEFFROI_\w+)"', code))
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(BEFFROI_\w+)`", page, re.MULTILINE)) == sorted(read)


def test_every_decision_is_in_the_index() -> None:
    decisions = {path.name for path in (DOCS / "decisions").glob("[0-9]*.md")}
    index = (DOCS / "decisions/README.md").read_text(encoding="utf-8")
    assert decisions
    assert {name for name in decisions if name not in index} == set()


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted(DOCS.rglob("*.md")), ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_make_alone_explains_every_target() -> None:
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert [target for target in targets if f"make {target} " not in printed] == []


@pytest.mark.parametrize("command", ["beffroi-server", "beffroi-player", "beffroi-provisioning"])
def test_every_subcommand_that_the_pages_name_exists(command: str) -> None:
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    named = {name for page in pages for name in re.findall(rf"{command} ([a-z-]+)", page.read_text(encoding="utf-8"))}
    usage = subprocess.run(
        [Path(sys.executable).parent / command, "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert named
    assert {name for name in named if name not in usage} == set()


def test_the_tables_of_files_of_a_player_are_those_of_the_code() -> None:
    page = (DOCS / "player.md").read_text(encoding="utf-8")
    assert page == file_tables.with_tables(page), "run `make schemas`"
    for files in (file_tables.STATE_FILES, file_tables.RUNTIME_FILES):
        assert file_tables.markdown_table(files) in page


def test_every_file_that_the_code_names_is_in_its_table(tmp_path: Path) -> None:
    def named(*folders: object) -> set[str]:
        known = [each for folder in folders for each in vars(folder).values()]
        return {getattr(each, "path", each).name for each in known} - {tmp_path.name}

    def listed(files: Sequence[file_tables.FileEntry]) -> set[str]:
        return {entry.name.split("/")[0] for entry in files}

    state = named(directories.StateDirectory(tmp_path), AgentStorage(tmp_path))
    assert state - listed(file_tables.STATE_FILES) == set()
    runtime = named(directories.RuntimeDirectory(tmp_path))
    assert runtime - listed(file_tables.RUNTIME_FILES) == set()


def test_every_field_of_the_journal_is_documented() -> None:
    said = set()
    for path in (ROOT / "player").rglob("*.py"):
        for extra in re.findall(r"extra=\{([^}]*)\}", path.read_text(encoding="utf-8")):
            said |= set(re.findall(r'"([A-Z_]+)":', extra))
    page = (DOCS / "player.md").read_text(encoding="utf-8")
    assert said
    assert {field for field in said if f"`{field}`" not in page} == set()


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if path.parent.name != "decisions"}
    named = set(re.findall(r"^\s+- .*?([\w./-]+\.md)$", navigation, re.MULTILINE))
    assert named - {"decisions/README.md"} == pages


def test_every_file_that_the_architecture_names_exists() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    known = [str(path) for side in ("content", "player", "server", "provisioning") for path in (ROOT / side).rglob("*")]
    named = {name.replace("server/…/", "").replace("player/…/", "").replace("content/…/", "")
             for name in re.findall(r"`([\w…/.-]+(?:\.py|/))`", text)}  # fmt: skip
    planned = {"templates/announcements/obituary.py", "alerts/cap/", "api/"}
    missing = {
        name for name in named - planned if not any(f"{path}/".endswith(f"/{name.rstrip('/')}/") for path in known)
    }
    assert len(named) > 40
    assert missing == set()
