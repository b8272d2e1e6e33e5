"""Fetch the files of other projects that the server's pages use, as vendor.toml lists them.

Run ``make vendor`` after changing a version. A file whose SHA-256 is not the one written in vendor.toml is refused;
``--accept`` writes the new digests instead, for a person to review in the diff.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "server/beffroi_server/web/static/vendor/vendor.toml"


def main() -> int:
    """Fetch every file; return 1 when one is not what vendor.toml says."""
    parser = argparse.ArgumentParser(description="Fetch the files that vendor.toml lists.")
    parser.add_argument("--accept", action="store_true", help="write the digests found into vendor.toml")
    accept = parser.parse_args().accept
    wrong = 0
    for package in tomllib.loads(LIST.read_text(encoding="utf-8"))["package"]:
        archive = fetch(package["name"], package["version"])
        for file in package["file"]:
            wrong += not place(archive, file, accept=accept)
    return 1 if wrong else 0


def fetch(name: str, version: str) -> dict[str, bytes]:
    """Return the files of an npm package by their path in it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{name}@{version}"]
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603
        content = (Path(folder) / done.stdout.strip().splitlines()[-1]).read_bytes()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        found = ((member.name, archive.extractfile(member)) for member in archive.getmembers())
        return {path.removeprefix("package/"): file.read() for path, file in found if file is not None}


def place(archive: dict[str, bytes], file: dict[str, str], *, accept: bool) -> bool:
    """Write one file where vendor.toml wants it; return whether it is the one expected."""
    # The source map is not shipped, and a browser that looks for it would log an error.
    content = re.sub(rb"\n?/[/*]# sourceMappingURL=.*", b"", archive[file["from"]])
    digest = hashlib.sha256(content).hexdigest()
    if digest != file["sha256"]:
        print(f"{file['to']}: is {digest}, expected {file['sha256']}", file=sys.stderr)
        if not accept:
            return False
        LIST.write_text(LIST.read_text(encoding="utf-8").replace(_line(file, file["sha256"]), _line(file, digest)))
    target = ROOT / file["to"]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return True


def _line(file: dict[str, str], digest: str) -> str:
    return f'to = "{file["to"]}"\nsha256 = "{digest}"'


if __name__ == "__main__":
    sys.exit(main())
