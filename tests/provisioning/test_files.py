import stat

import pytest

from beffroi_provisioning.files import write_text


def test_writes_a_file_that_everybody_may_read(tmp_path):
    path = tmp_path / "new" / "mosquitto.conf"
    write_text(path, "persistence true\n")
    assert path.read_text() == "persistence true\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_replaces_a_file_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "mosquitto.conf"
    path.write_text("old")
    write_text(path, "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "mosquitto.conf"
    path.mkdir()
    with pytest.raises(OSError, match=r"directory"):
        write_text(path, "new")
    assert list(tmp_path.iterdir()) == [path]
