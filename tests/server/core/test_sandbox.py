"""Tests of the confinement of processes that open files of strangers: what such a process still reaches."""

from __future__ import annotations

import ctypes
import errno
import json
import platform
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from beffroi_server.core import sandbox, sandbox_probe

UNSHARE = {"x86_64": 272, "aarch64": 97}[platform.machine()]
PROBE = "beffroi_server.core.sandbox_probe"


@pytest.fixture
def secret(tmp_path) -> Path:
    path = tmp_path / "keys" / "alert.pem"
    path.parent.mkdir()
    path.write_text("a private key")
    return path


@pytest.fixture
def folder(tmp_path) -> Path:
    path = tmp_path / "media" / "incoming"
    path.mkdir(parents=True)
    return path


def forbid_namespaces() -> None:
    """Forbid this process what ``RestrictNamespaces=yes`` of systemd forbids, by the same means."""
    instructions = [
        (0x20, 0, 0, 0),
        (0x15, 0, 1, UNSHARE),
        (0x06, 0, 0, 0x50000 | errno.EPERM),
        (0x06, 0, 0, 0x7FFF0000),
    ]
    code = b"".join(struct.pack("=HBBI", *each) for each in instructions)

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))

    library = ctypes.CDLL(None)
    library.prctl(38, 1, 0, 0, 0)
    assert library.prctl(22, 2, ctypes.byref(Program(len(instructions), code)), 0, 0) == 0


def test_it_reaches_nothing_but_its_folder(secret, folder, monkeypatch):
    monkeypatch.setenv("BEFFROI_MQTT_PASSWORD", "secret")

    assert sandbox_probe.reachable_things(secret, folder) == []


def test_it_reaches_nothing_under_a_unit_that_forbids_namespaces(secret, folder):
    command = [sys.executable, "-I", "-m", PROBE, str(secret), str(folder)]

    done = subprocess.run(  # the environment is as our processes get it
        command, capture_output=True, timeout=60, check=True, env={}, preexec_fn=forbid_namespaces
    )

    assert json.loads(done.stdout) == []


def test_what_it_could_reach_without_confinement_is_noticed(secret, folder, monkeypatch):
    """The probe is no good if it finds nothing where there is something to find."""
    code = (
        "import sys, json; from pathlib import Path; from beffroi_server.core import sandbox_probe;"
        "print(json.dumps(sandbox_probe._try_everything(Path(sys.argv[1]), Path(sys.argv[2]))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(secret), str(folder)], capture_output=True, timeout=60, check=True
    )

    assert {"files of the server", "the network", "other programs", "other processes"} <= set(json.loads(done.stdout))


def test_a_process_that_fails_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox.sys, "executable", "/bin/false")

    with pytest.raises(OSError, match="ended with 1"):
        sandbox_probe.reachable_things(tmp_path, tmp_path)
