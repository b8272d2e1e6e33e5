"""Entry point of ``beffroi-server``: sets Django up, then hands over to the command line."""

from __future__ import annotations

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beffroi_server.settings")
django.setup()

from beffroi_server.cli import main  # noqa: E402 - models can be imported only once Django is set up

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
