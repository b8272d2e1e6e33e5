"""The image of a player: what it is made of. ``make test-image`` boots one."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from beffroi_provisioning import image
from beffroi_provisioning.image import recipe
from beffroi_provisioning.image.recipe import MACHINES

FOLDER = Path(image.__file__).parent
ROOT = FOLDER / "root"
SCRIPTS = (FOLDER / "finish.sh", ROOT / "usr/lib/beffroi-image/mount-data")
MIB = 1024 * 1024


@pytest.mark.parametrize(
    "path", [FOLDER / "finish.sh", ROOT / "usr/lib/beffroi-image/mount-data"], ids=lambda p: p.name
)
def test_its_scripts_are_scripts(path):
    assert subprocess.run(["sh", "-n", path], capture_output=True, text=True).stderr == ""


@pytest.mark.parametrize("machine", MACHINES.values(), ids=lambda machine: machine.architecture)
def test_its_partition_table_is_read_by_sfdisk(machine, tmp_path):
    program = shutil.which("sfdisk", path="/usr/sbin:/sbin:/usr/bin")
    if program is None:
        pytest.skip("needs sfdisk")
    size = recipe.root_size(700 * MIB)
    disk = tmp_path / "disk.img"
    with disk.open("wb") as file:
        file.truncate(recipe.image_size(size))
    table = recipe.partition_table(machine, size)
    subprocess.run([program, "--quiet", disk], input=table, text=True, check=True, capture_output=True)
    said = subprocess.run([program, "--dump", disk], text=True, check=True, capture_output=True).stdout
    parts = [tuple(map(int, found)) for found in re.findall(r"start= *(\d+), size= *(\d+)", said)]
    assert len(parts) == 3
    for (start, length), (following, _) in zip(parts, [*parts[1:], (recipe.image_size(size) // 512, 0)], strict=True):
        assert start * 512 % MIB == 0
        assert start + length == following


def test_nothing_is_mounted_to_be_written_to_but_memory():
    lines = [line.split() for line in (ROOT / "etc/fstab").read_text().splitlines() if line and line[0] != "#"]
    for _, place, sort, options, *_ in lines:
        assert sort == "tmpfs" or "ro" in options.split(","), place


def test_a_boot_says_nothing_on_the_display():
    words = recipe.COMMAND_LINE.split()
    assert {"quiet", "vt.global_cursor_default=0", "logo.nologo", "systemd.show_status=false", "ro"} <= set(words)
    assert [word for word in words if word.startswith("console=")] == ["console=tty3"]


def test_the_data_partition_is_found_by_the_label_that_it_has():
    assert f"/by-label/{recipe.DATA_LABEL}" in (ROOT / "usr/lib/beffroi-image/mount-data").read_text()
    labels = {line.split()[0] for line in (ROOT / "etc/fstab").read_text().splitlines() if line.startswith("LABEL=")}
    assert labels == {f"LABEL={recipe.ROOT_LABEL}", f"LABEL={recipe.BOOT_LABEL}"}


def test_only_who_has_put_a_key_on_the_boot_partition_may_sign_in():
    unit = (ROOT / "etc/systemd/system/ssh.service.d/beffroi.conf").read_text()
    assert "ConditionPathExists=/boot/firmware/authorized_keys" in unit
    assert "PasswordAuthentication no" in (ROOT / "etc/ssh/sshd_config.d/beffroi.conf").read_text()
    assert "rm -f" in (finish := (FOLDER / "finish.sh").read_text())
    assert "/etc/ssh/ssh_host_*" in finish, "every card would have the same keys"
