"""Write the OpenAPI document of the REST API from the code: ``python scripts/api_document.py docs/api``."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Write the document into a folder; return the exit code."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "beffroi_server.settings"
    with tempfile.TemporaryDirectory() as data:
        os.environ["BEFFROI_DATA"] = data
        import django  # noqa: PLC0415 - the settings are read when it is set up

        django.setup()
        from beffroi_server.api.document import document_text  # noqa: PLC0415

        folder = Path(sys.argv[1])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "openapi.json").write_text(document_text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
