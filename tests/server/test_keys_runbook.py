"""The runbook of keys: each of its commands is taken from its text and run, and a player follows what comes of it."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from tests.support.trusting_player import Player

from beffroi_content.trust import DocumentRefused
from beffroi_content.wire.documents import SigningRole
from beffroi_provisioning.__main__ import main as provisioning
from beffroi_server import cli
from beffroi_server.alerts import services as alerts
from beffroi_server.delivery import key_files, key_rotation, keys_command, signing_keys
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet.targets import EVERYWHERE

DOCS = Path(__file__).parents[2] / "docs"
RUNBOOK = (DOCS / "keys.en.md").read_text(encoding="utf-8")
FRENCH_RUNBOOK = (DOCS / "keys.fr.md").read_text(encoding="utf-8")
STICKS = ("stick-1", "stick-2", "stick-3", "stick-4", "new-1", "new-2", "new-3")


def commands_of(heading: str) -> list[list[str]]:
    section = RUNBOOK.split(f"## {heading}\n", 1)[1].split("\n## ")[0]
    blocks = "".join(re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))
    return [shlex.split(line) for line in blocks.replace("\\\n", " ").splitlines()]


@pytest.fixture
def media(tmp_path, monkeypatch) -> Path:
    """Memory sticks: folders that count as media of their own."""
    for name in STICKS:
        (tmp_path / "media" / name).mkdir(parents=True)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(keys_command, "is_same_medium", lambda *_: False)
    return tmp_path / "media"


def run_commands(commands: list[list[str]], media: Path) -> None:
    """Run commands of the runbook, with the folder of the sticks in the place of ``/media``; all must succeed."""
    for program, *words in commands:
        arguments = [word.replace("/media", str(media)) for word in words]
        assert {"beffroi-server": cli.main, "beffroi-provisioning": provisioning}[program](arguments) == 0, words


def follow_runbook(heading: str, media: Path) -> None:
    run_commands(commands_of(heading), media)


def settle() -> None:
    OutboxDocument.objects.filter(topic__endswith="/keys").update(sent_at=timezone.now())
    key_rotation.advance_change(timezone.now())


@pytest.fixture
def drawers(keyring, quay, media) -> Path:
    """A town whose three root keys lie in three drawers."""
    follow_runbook("A village: put the root keys away", media)
    return media


@pytest.fixture
def player(drawers) -> Player:
    return Player("quay", ("harbour",))


def flood() -> None:
    alerts.broadcast_alert(
        level="emergency", title="Flood", source="Town hall", targets=EVERYWHERE, duration_min=60, user=None
    )


def test_a_village_puts_its_root_keys_away(drawers, capsys):
    assert not key_files.root_files()
    assert (drawers / "stick-3/root-3.pem").stat().st_mode & 0o077 == 0
    page = Path("root-1.html").read_text()
    assert page.count("<svg") == 1
    lines = re.search(r"<pre>(.*?)</pre>", page, re.DOTALL)
    assert lines is not None
    assert cli.main(["keys"]) == 0
    assert "none, as it should be" in capsys.readouterr().out


def test_paper_becomes_the_file_again_and_a_slip_is_noticed(drawers, monkeypatch, capsys):
    typed = re.search(r"<pre>(.*?)</pre>", Path("root-1.html").read_text(), re.DOTALL)
    assert typed is not None
    monkeypatch.setattr("sys.stdin", io.StringIO(typed[1]))
    assert provisioning(["keys", "from-paper", "root-1.pem"]) == 0
    assert Path("root-1.pem").read_bytes() == (drawers / "stick-1/root-1.pem").read_bytes()
    wrong = typed[1].replace(typed[1][3:7], f"{int(typed[1][3:7], 16) ^ 1:04x}", 1)
    monkeypatch.setattr("sys.stdin", io.StringIO(wrong))
    assert provisioning(["keys", "from-paper", "other.pem"]) == 1
    assert "line 1 is mistyped" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(typed[1].splitlines()[:3])))
    assert provisioning(["keys", "from-paper", "other.pem"]) == 1
    assert "line 4 is missing" in capsys.readouterr().err
    assert not Path("other.pem").exists()


def test_a_ceremony_without_the_server_comes_before_the_first_key_list(db, quay, media, monkeypatch, capsys):
    monkeypatch.setattr(cli.bootstrap, "prepare_database", lambda: None)
    make, init, *rest = commands_of("A ceremony without the server")
    run_commands([make], media)
    Path("root-keys.json").write_bytes((media / "stick-1/root-keys.json").read_bytes())
    run_commands([init], media)
    assert signing_keys.published_key_list() is None
    assert not key_files.root_files()
    run_commands(rest, media)
    settle()
    said = capsys.readouterr().out
    assert "waits for its key list" in said
    assert f"Root fingerprint: {signing_keys.root_fingerprint()}" in said
    Player("quay").hear("all/alerts")


def test_the_key_list_is_renewed(player, drawers):
    before = signing_keys.published_key_list()
    follow_runbook("Renew the key list", drawers)
    after = signing_keys.published_key_list()
    assert before is not None
    assert after is not None
    assert (after.roles, after.sequence > before.sequence) == (before.roles, True)
    player.hear("all/keys")


def test_a_role_gets_a_new_key(player, drawers, capsys):
    former = key_files.private_key(SigningRole.ALERT).private_bytes_raw()
    follow_runbook("Give a role a new key", drawers)
    assert "without the former keys, follows by itself" in capsys.readouterr().out
    player.hear("all/keys")
    settle()
    flood()
    player.hear("all/alerts")
    assert key_files.private_key(SigningRole.ALERT).private_bytes_raw() != former
    assert cli.main(["keys", "show"]) == 0
    assert "(the former one still counts)" in capsys.readouterr().out


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_key_that_is_stolen_or_lost_is_replaced(player, drawers, is_lost):
    former = key_files.private_key(SigningRole.ALERT)
    flood()
    topic, payload = retained("all/alerts")
    if is_lost:
        key_files.key_path(SigningRole.ALERT).unlink()
    follow_runbook("A key of a role was stolen or lost", drawers)
    player.hear("all/keys")
    with pytest.raises(DocumentRefused, match="wrong-key"):
        player.take(topic, payload)
    settle()
    assert key_files.private_key(SigningRole.ALERT) != former
    player.hear("all/alerts")


def test_a_lost_root_key_is_replaced_by_the_two_others(player, drawers):
    (drawers / "stick-3/root-3.pem").unlink()
    before = signing_keys.root_fingerprint()
    follow_runbook("One root key is lost or was stolen", drawers)
    assert signing_keys.root_fingerprint() != before
    player.hear("all/keys")


def test_all_root_keys_change(player, drawers):
    follow_runbook("All root keys are to change", drawers)
    player.hear("all/keys")
    # Those in the drawers sign nothing any more.
    command = commands_of("Renew the key list")[0][1:]
    assert cli.main([word.replace("/media", str(drawers)) for word in command]) == 1


def test_after_two_root_keys_were_lost_players_are_enrolled_again(player, drawers):
    follow_runbook("Two root keys are lost", drawers)
    with pytest.raises(DocumentRefused, match="wrong-key"):
        player.hear("all/keys")
    flood()
    Player("quay").hear("all/alerts")


def test_a_dry_run_changes_nothing(player, drawers, capsys):
    before, files = retained("all/keys"), sorted(Path(django_settings.KEYS).glob("*.pem"))
    for heading in ("Renew the key list", "One root key is lost or was stolen"):
        *others, command = commands_of(heading)
        run_commands(others, drawers)
        arguments = [word.replace("/media", str(drawers)) for word in command[1:]]
        assert cli.main([*arguments, "--dry-run"]) == 0
        assert "Nothing was changed" in capsys.readouterr().out
    assert retained("all/keys") == before
    assert sorted(Path(django_settings.KEYS).glob("*.pem")) == files


def test_a_passphrase_protects_the_files(drawers, media, capsys):
    Path("passphrase").write_text("correct horse\n")
    Path("wrong").write_text("battery staple\n")
    folders = [str(media / name) for name in ("new-1", "new-2", "new-3")]
    assert provisioning(["keys", "make", *folders, "--passphrase-file", "passphrase"]) == 0
    new = [f"{folder}/root-{number}.pem" for number, folder in enumerate(folders, 1)]
    assert "ENCRYPTED" in Path(new[0]).read_text()
    assert cli.main(["keys", "roots", f"{folders[0]}/root-keys.json", "--request", "change.json"]) == 0
    old = [str(media / f"stick-{number}/root-{number}.pem") for number in (1, 2)]
    signing = ["keys", "sign", "change.json", *(word for path in (*old, *new[:2]) for word in ("--root", path))]
    assert provisioning([*signing, "--passphrase-file", "wrong"]) == 1
    assert "the passphrase is wrong" in capsys.readouterr().err
    assert provisioning([*signing, "--passphrase-file", "passphrase"]) == 0
    assert cli.main(["keys", "install", "change.json"]) == 0


@pytest.mark.parametrize("content", ["", "{}", '{"format": "beffroi-key-change"}', "x" * 2_000_000])
def test_what_is_no_signed_file_is_refused(drawers, content, capsys):
    Path("odd.json").write_text(content)
    assert cli.main(["keys", "install", "odd.json"]) == 1
    assert provisioning(["keys", "show", "odd.json"]) == 1
    assert capsys.readouterr().err.count("odd.json") == 2


def retained(stream: str) -> tuple[str, bytes]:
    row = OutboxDocument.objects.get(topic=f"beffroi/1/saint-aubin/down/{stream}", retained=True)
    return row.topic, bytes(row.payload)


def test_every_command_of_the_runbook_is_in_a_section_that_is_followed():
    headings = [heading for heading in re.findall(r"^## (.*)$", RUNBOOK, re.MULTILINE) if commands_of(heading)]
    text = Path(__file__).read_text(encoding="utf-8")
    assert headings
    assert [heading for heading in headings if f'"{heading}"' not in text] == []


def test_the_french_runbook_has_the_same_commands():
    blocks = [re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) for text in (RUNBOOK, FRENCH_RUNBOOK)]
    assert blocks[0] == blocks[1]
