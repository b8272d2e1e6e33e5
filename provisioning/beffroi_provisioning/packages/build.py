"""Building the Debian packages from a checkout: ``make deb``.

The Python packages are those of the lock file, checked by their hashes. Wherever a library has compiled parts its wheel
for the machine is taken, so that a package for arm64 is built on any machine.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from beffroi_provisioning.packages import control_files
from beffroi_provisioning.packages.control_files import ARCHITECTURES, KINDS, PYTHON_VERSIONS, PackageKind

_GLIBC = "manylinux_2_36"
"""Wheels that the C library of Debian 12 can load."""
_ELF_MACHINES = {"x86_64": 62, "aarch64": 183}
_TIMEOUT_S = 1800


class BuildFailed(Exception):
    """A tool failed; the message is what it said last."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the packages that were asked for; 1 if one could not be built."""
    parser = argparse.ArgumentParser(description="Builds the Debian packages of server and player from this checkout.")
    parser.add_argument("--out", type=Path, default=Path("build/deb"), help="the folder to write to (%(default)s)")
    parser.add_argument("--only", choices=[kind.name for kind in KINDS], help="by default both")
    parser.add_argument("--architecture", choices=ARCHITECTURES, help="by default both")
    parser.add_argument(
        "--releases-root", type=Path, metavar="FILE", help="root keys by which players know new versions of themselves"
    )
    options = parser.parse_args(arguments)
    kinds = [kind for kind in KINDS if options.only in {None, kind.name}]
    architectures = [each for each in ARCHITECTURES if options.architecture in {None, each}]
    try:
        for path in build_packages(kinds, architectures, options.out, options.releases_root):
            print(path, flush=True)
    except (BuildFailed, OSError) as error:
        print(f"beffroi packages: {error}", file=sys.stderr)
        return 1
    return 0


def build_packages(
    kinds: Sequence[PackageKind], architectures: Sequence[str], out: Path, releases_root: Path | None = None
) -> Iterator[Path]:
    """Build packages one after the other, and give the file of each; see ``build_package``."""
    # Folders of a package are for everybody, whatever this shell says of new ones.
    os.umask(0o022)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="beffroi-deb-") as name:
        wheel = build_wheel(Path(name))
        for kind in kinds:
            for architecture in architectures:
                yield build_package(kind, architecture, wheel, Path(name), out, releases_root)


def build_package(
    kind: PackageKind, architecture: str, wheel: Path, work: Path, out: Path, releases_root: Path | None = None
) -> Path:
    """Build one package.

    Args:
        kind: Which.
        architecture: Debian's name of it.
        wheel: The wheel of this checkout.
        work: A folder for what is needed only now.
        out: Where the package goes.
        releases_root: The file with the root keys of releases; without it, its players change no version.

    Returns:
        Its file.

    Raises:
        BuildFailed: a tool failed.
    """
    root = work / f"{kind.name}-{architecture}"
    prefix = root / str(kind.prefix)[1:]
    requirements = work / f"{kind.name}.txt"
    export_requirements(kind, requirements)
    for version in PYTHON_VERSIONS:
        install_packages(requirements, wheel, version, ARCHITECTURES[architecture], prefix)
    _share_equal_files(prefix)
    _write(prefix / "pyvenv.cfg", control_files.environment_file(kind))
    (prefix / "bin").mkdir(exist_ok=True)
    (prefix / "bin/python").symlink_to("/usr/bin/python3")
    for name, module in kind.programs:
        _write(prefix / "bin" / name, control_files.program(kind, module), 0o755)
    if releases_root is not None:
        _write(prefix / "share/beffroi/releases-root.json", releases_root.read_text(encoding="utf-8"))
    version = wheel_version(wheel)
    _write(root / f"usr/lib/systemd/system/{kind.name}.service", kind.unit())
    for name, text in kind.further_units().items():
        _write(root / "usr/lib/systemd/system" / name, text)
    for name, text in kind.drop_ins:
        _write(root / "usr/lib/systemd" / name, text)
    _write(root / f"usr/share/doc/{kind.name}/copyright", Path("LICENSE").read_text(encoding="utf-8"))
    for name, text in (
        ("postinst", control_files.post_installation(kind)),
        ("prerm", control_files.before_removal(kind)),
        ("postrm", control_files.after_removal(kind)),
    ):
        _write(root / "DEBIAN" / name, text, 0o755)
    for name, text in control_files.commands(kind):
        _write(root / "usr/bin" / name, text, 0o755)
    size_kib = _size_kib(root)
    _write(root / "DEBIAN/control", control_files.control_file(kind, version, architecture, size_kib))
    path = out / f"{kind.name}_{version}_{architecture}.deb"
    _run(["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", str(root), str(path)])
    shutil.rmtree(root)
    return path


def export_requirements(kind: PackageKind, path: Path) -> None:
    """Write what a package needs of the lock file, with hashes.

    Raises:
        BuildFailed: a tool failed.
    """
    extras = [argument for extra in kind.extras for argument in ("--extra", extra)]
    _run(
        ["uv", "export", "--frozen", "--quiet", "--no-dev", "--no-emit-project", *extras, "--output-file", str(path)]
    )  # fmt: skip


def build_wheel(work: Path) -> Path:
    """Build the wheel of this checkout, and return it."""
    _run(["uv", "build", "--quiet", "--wheel", "--out-dir", str(work)])
    return next(work.glob("beffroi-*.whl"))


def install_packages(requirements: Path, wheel: Path, version: str, machine: str, prefix: Path) -> None:
    """Put the wheels for a Python and a machine where that Python looks for them."""
    target = prefix / f"lib/python{version}/site-packages"
    for what in (["--requirement", str(requirements), "--require-hashes"], [str(wheel)]):
        _run(
            ["uv", "pip", "install", "--quiet", "--no-deps", "--target", str(target),
             "--python-version", version, "--python-platform", f"{machine}-{_GLIBC}", *what]
        )  # fmt: skip
    shutil.rmtree(target / "bin", ignore_errors=True)
    # A library without a wheel is built here. That is right for one of Python alone.
    for path in target.rglob("*.so*"):
        if path.is_file() and not _is_for(path, machine):
            raise BuildFailed(f"{path.relative_to(target)} is not for {machine}: its library has no wheel for it")
    for path in target.rglob("__pycache__"):
        shutil.rmtree(path)


def _is_for(path: Path, machine: str) -> bool:
    """Tell whether a compiled file is for a machine, by the header of its format (ELF: e_machine at byte 18)."""
    with path.open("rb") as file:
        head = file.read(20)
    return head[:4] != b"\x7fELF" or int.from_bytes(head[18:20], "little") == _ELF_MACHINES[machine]


def _share_equal_files(prefix: Path) -> None:
    """Store a file that is equal for both versions of Python once: as one file with two names."""
    first, *others = [prefix / f"lib/python{version}/site-packages" for version in PYTHON_VERSIONS]
    for other in others:
        for path in other.rglob("*"):
            twin = first / path.relative_to(other)
            if path.is_file() and not path.is_symlink() and twin.is_file() and path.read_bytes() == twin.read_bytes():
                path.unlink()
                os.link(twin, path)


def _size_kib(root: Path) -> int:
    seen = {(status.st_ino): status.st_size for path in root.rglob("*") if (status := path.lstat())}
    return sum(seen.values()) // 1024


def wheel_version(wheel: Path) -> str:
    """Return the version in the name of a wheel."""
    found = re.match(r"beffroi-([^-]+)-", wheel.name)
    if not found:
        raise BuildFailed(f"{wheel.name} has no version")
    return found[1]


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603 - ours
    if done.returncode:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise BuildFailed(f"{' '.join(command[:3])}: {lines[-1] if lines else done.returncode}")


if __name__ == "__main__":
    sys.exit(main())
