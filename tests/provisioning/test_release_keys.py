"""Other keys for those who make releases: which are needed for it, and what the old ones are worth afterwards.

That players follow is in tests/player/agent/software/test_software_updates.py.
"""

import datetime as dt

import pytest

from beffroi_provisioning.__main__ import main
from beffroi_provisioning.releases import repository
from beffroi_provisioning.releases.repository import KEY_NAMES

NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)


@pytest.fixture
def sticks(tmp_path):
    """A repository; each root key is on a stick of its own, the others lie in a folder."""
    keys = tmp_path / "keys"
    repository.create_keys(keys)
    repository.init_repository(tmp_path / "repository", keys, NOW)
    for name in repository.ROOT_KEYS:
        (tmp_path / name).mkdir()
        (keys / f"{name}.pem").rename(tmp_path / name / f"{name}.pem")
    return tmp_path


def replace(folder, *names, at_hand=("root-1", "root-3", "keys")):
    given = [argument for name in at_hand for argument in ("--keys", str(folder / name))]
    return main(["release", "replace-keys", str(folder / "repository"), *names, *given, "--new", str(folder / "new")])


def files(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_lost_root_key_is_replaced_by_the_two_others(sticks, capsys):
    before = repository.newest_root(sticks / "repository")
    assert replace(sticks, "root-2") == 0
    after = repository.newest_root(sticks / "repository")
    before.verify_delegate("root", after)
    after.verify_delegate("root", after)
    old, new = (each.signed.roles["root"].keyids for each in (before, after))
    assert [old[0], old[2]] == [new[0], new[2]]
    assert (sticks / "new/root-2.pem").stat().st_mode & 0o777 == 0o600
    said = capsys.readouterr().out
    assert "Signed by root-1 and root-3" in said
    assert "--releases-root" in said
    assert "2.root.json" in said
    # The lost one is of no use any more, and the new one is.
    assert replace(sticks, at_hand=("root-1", "root-2")) == 1
    assert replace(sticks, at_hand=("root-1", "new")) == 0


@pytest.mark.parametrize(
    ("names", "at_hand", "reason"),
    [
        (("root-2",), ("root-1", "keys"), "1 of the root keys"),
        (("releases",), ("root-1", "root-3"), "freshness.pem is missing"),
        (("root-4",), ("root-1", "root-3"), "no key root-4"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_changed(sticks, capsys, names, at_hand, reason):
    before = files(sticks)
    assert replace(sticks, *names, at_hand=at_hand) == 1
    assert reason in capsys.readouterr().err
    assert files(sticks) == before


def test_a_key_of_releases_that_was_replaced_signs_no_more(sticks, capsys):
    assert replace(sticks, "releases") == 0
    where = str(sticks / "repository")
    assert main(["release", "renew", where, "--keys", str(sticks / "keys")]) == 1
    assert "was replaced" in capsys.readouterr().err
    (sticks / "new/releases.pem").replace(sticks / "keys/releases.pem")
    assert main(["release", "renew", where, "--keys", str(sticks / "keys")]) == 0


def test_a_root_file_near_its_end_is_signed_again(sticks):
    before = repository.newest_root(sticks / "repository").signed
    assert replace(sticks, at_hand=("root-1", "root-2")) == 0
    after = repository.newest_root(sticks / "repository").signed
    assert after.expires > before.expires
    assert after.keys == before.keys
    assert not (sticks / "new").exists()


def test_every_name_of_a_key_can_be_replaced_at_once(sticks):
    assert replace(sticks, *KEY_NAMES) == 0
    assert {path.stem for path in (sticks / "new").iterdir()} == set(KEY_NAMES)
    # Whoever has the old ones, all five, changes nothing.
    assert replace(sticks, "root-1", at_hand=("root-1", "root-2", "root-3", "keys")) == 1
