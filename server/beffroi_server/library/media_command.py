"""Command ``beffroi-server media check``: what the library would take in of a file, page by page, and what is left out.

Needs neither settings nor database nor network. The file is read in the same confined processes as an upload.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from beffroi_server.core import sandbox
from beffroi_server.library.errors import MediaRefused
from beffroi_server.library.media import image_decoding
from beffroi_server.library.media.sentences import media_refusal, warning_sentence

_LIMITS = {"UPLOAD_LIMIT": 500 * 1024 * 1024, "PICTURE_LIMIT": 40 * 1024 * 1024}
"""Those of ``settings``, in bytes."""
CONVERSION_TIMEOUT_S = 4 * 3600
"""Seconds for the conversion of a video; it limits its own processor time to as many."""


def main(arguments: Sequence[str]) -> int:
    """Run the command; return 0 if the file can be shown, 1 if it is refused, 2 if the call is wrong."""
    if not settings.configured:
        # Sentences are those of the pages, in English; nothing else of the settings is needed.
        settings.configure(USE_I18N=False, **_LIMITS)
    parser = _build_parser()
    parsed = parser.parse_args(arguments)
    if not parsed.file.is_file():
        parser.error(f"{parsed.file} is not there, or no file. Give the path of a file to read.")
    try:
        with parsed.file.open("rb") as file:
            image_decoding.check_file(file, os.fstat(file.fileno()).st_size, parsed.file.name)
        with tempfile.TemporaryDirectory(prefix="beffroi-media-") as folder:
            found = _read_file(parsed.file, Path(folder), is_quick=parsed.quick)
    except MediaRefused as refused:
        return _refuse(refused.message, refused.code)
    except OSError as error:
        return _refuse(f"{error.filename or parsed.file} cannot be used: {error.strerror or error}", "not-readable")
    _print_json(found)
    return 0


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="beffroi-server media", description="Look at images, documents and videos.")
    check = parser.add_subparsers(dest="action", required=True).add_parser(
        "check", help="print as JSON what the library would take in of a file, page by page, and what is left out"
    )
    check.add_argument("file", metavar="FILE", type=Path, help="an image, a PDF document or a video")
    check.add_argument("--quick", action="store_true", help="do not convert a video: it is only looked at")
    return parser


def _read_file(path: Path, folder: Path, *, is_quick: bool) -> dict[str, Any]:
    shutil.copyfile(path, folder / "original")
    result = image_decoding.run_image_process(folder, path.name)
    warnings = list(result.get("warnings", ()))
    moving: dict[str, Any] = {}
    if "duration_ms" in result:
        moving = {"kind": "video", "duration_ms": result["duration_ms"]}
        if not is_quick:
            made = _convert(folder, path.name)
            warnings += made.pop("warnings", [])
            moving |= made
    pages = [
        {
            "page": page.get("page", number),
            "kind": "image",
            "width": page["width"],
            "height": page["height"],
            "media_type": page["picture_type"],
            **moving,
        }
        for number, page in enumerate(result["pages"], 1)
    ]
    sentences = [{**warning, "sentence": warning_sentence(warning)} for warning in warnings]
    return {"file": path.name, "media_type": result["media_type"], "pages": pages, "warnings": sentences}


def _convert(folder: Path, name: str) -> dict[str, Any]:
    """Convert a video; return what became of it.

    Raises:
        MediaRefused: it cannot be converted.
    """
    command = ["beffroi_server.library.media.video_process", str(folder)]
    try:
        done = sandbox.run_confined(command, timeout_s=CONVERSION_TIMEOUT_S)
        made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
    except (subprocess.TimeoutExpired, ValueError, IndexError):
        made = {}
    if "duration_ms" not in made:
        raise media_refusal(str(made.get("code", "too-complex")), name)
    return made | {"media_type": "video/mp4", "bytes": (folder / "video").stat().st_size}


def _refuse(reason: str, code: str) -> int:
    _print_json({"refused": reason, "code": code})
    sys.stderr.write(f"beffroi-server: {reason}\n")
    return 1


def _print_json(value: object) -> None:
    # Escaped where the terminal could not show it: the output is for programs, too.
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=(sys.stdout.encoding or "").lower() != "utf-8") + "\n")
