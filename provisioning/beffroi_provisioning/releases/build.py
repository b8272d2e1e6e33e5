"""Building the archives of a release of the player from a checkout: ``make release``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from beffroi_provisioning.packages import build as packages
from beffroi_provisioning.packages.control_files import ARCHITECTURES, PLAYER, PYTHON_VERSIONS
from beffroi_provisioning.releases.archive import write_archive


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the archives; 1 if one could not be built."""
    parser = argparse.ArgumentParser(description="Builds the archives of a release of the player from this checkout.")
    parser.add_argument("--out", type=Path, default=Path("build/releases"), help="the folder to write to (%(default)s)")
    parser.add_argument("--architecture", choices=ARCHITECTURES, help="by default both")
    parser.add_argument("--python", choices=PYTHON_VERSIONS, help="by default both")
    options = parser.parse_args(arguments)
    os.umask(0o022)
    try:
        with tempfile.TemporaryDirectory(prefix="beffroi-release-") as name:
            _build_archives(Path(name), options)
    except (packages.BuildFailed, OSError) as error:
        print(f"beffroi release: {error}", file=sys.stderr)
        return 1
    return 0


def _build_archives(work: Path, options: argparse.Namespace) -> None:
    wheel, requirements = packages.build_wheel(work), work / "requirements.txt"
    packages.export_requirements(PLAYER, requirements)
    for architecture, machine in ARCHITECTURES.items():
        for python in PYTHON_VERSIONS:
            if options.architecture not in {None, architecture} or options.python not in {None, python}:
                continue
            prefix = work / f"{architecture}-{python}"
            packages.install_packages(requirements, wheel, python, machine, prefix)
            folder = prefix / f"lib/python{python}/site-packages"
            version = packages.wheel_version(wheel)
            print(write_archive(folder, version, architecture, python, options.out).path, flush=True)


if __name__ == "__main__":
    sys.exit(main())
