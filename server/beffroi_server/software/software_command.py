"""The command ``beffroi-server releases``: which versions of the player are here, and copying new ones."""

from __future__ import annotations

import argparse
import sys

from django.conf import settings
from django.utils import timezone

from beffroi_server.software import copy_outcome, mirror


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the acts and their arguments."""
    acts = parser.add_subparsers(dest="action", required=True)
    acts.add_parser("list", help="print the versions that are here")
    update = acts.add_parser("update", help="copy new versions from the Internet, or from a folder such as a stick")
    update.add_argument("--from", dest="source", metavar="ADDRESS", help="(BEFFROI_RELEASES_URL)")


def run(parsed: argparse.Namespace) -> int:
    """Do what was asked for; return the exit code."""
    if parsed.action == "update":
        if not (parsed.source or settings.RELEASES_URL):
            sys.stderr.write("beffroi-server: give --from FOLDER or ADDRESS, or set BEFFROI_RELEASES_URL\n")
            return 1
        try:
            if parsed.source:
                mirror.update_mirror(mirror.source_of(parsed.source))
            else:
                copy_outcome.copy_from_address(timezone.now())
        except mirror.MirrorFault as fault:
            sys.stderr.write(f"beffroi-server: {fault}\n")
            return 1
    for version, archives in mirror.available_versions().items():
        sys.stdout.write(f"{version}  {', '.join(archives)}\n")
    return 0
