"""The Debian packages: what they ask of a machine, and what they leave on it. ``make test-deb`` installs one."""

import shutil
import subprocess

import pytest

from beffroi_provisioning.packages import control_files
from beffroi_provisioning.packages.build import _is_for
from beffroi_provisioning.packages.control_files import KINDS, PLAYER, SERVER

SCRIPTS = (control_files.post_installation, control_files.before_removal, control_files.after_removal)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_its_scripts_are_scripts(kind, script, tmp_path):
    path = tmp_path / "script"
    path.write_text(script(kind))
    assert subprocess.run(["sh", "-n", path], capture_output=True, text=True).stderr == ""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_its_control_file_is_read_by_dpkg(kind, tmp_path):
    if shutil.which("dpkg-deb") is None:
        pytest.skip("needs dpkg-deb")
    (tmp_path / "root/DEBIAN").mkdir(parents=True)
    (tmp_path / "root/DEBIAN").chmod(0o755)
    (tmp_path / "root/DEBIAN/control").write_text(control_files.control_file(kind, "1.2.3", "arm64", 4_000))
    subprocess.run(["dpkg-deb", "--build", tmp_path / "root", tmp_path / "x.deb"], check=True, capture_output=True)
    fields = subprocess.run(["dpkg-deb", "-f", tmp_path / "x.deb"], capture_output=True, text=True).stdout
    assert "Version: 1.2.3" in fields
    assert "python3 (>= 3.11), python3 (<< 3.14)" in fields


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_script_deletes_what_a_town_has_made(kind):
    removed = control_files.after_removal(kind) + control_files.before_removal(kind)
    assert f"rm -rf {kind.data}" not in removed
    assert not any("rm" in line and kind.data in line and "mosquitto" not in line for line in removed.splitlines())


def test_the_unit_starts_the_program_of_the_package():
    assert "ExecStart=/usr/lib/beffroi-server/bin/beffroi-server run" in SERVER.unit()
    assert "ExecStart=/usr/lib/beffroi-player/bin/beffroi-player run" in PLAYER.unit()


@pytest.mark.parametrize(
    ("machine", "code", "is_right"), [("x86_64", 62, True), ("x86_64", 183, False), ("aarch64", 183, True)]
)
def test_a_compiled_file_for_another_machine_is_noticed(tmp_path, machine, code, is_right):
    path = tmp_path / "library.so"
    path.write_bytes(b"\x7fELF" + bytes(14) + code.to_bytes(2, "little"))
    assert _is_for(path, machine) is is_right
