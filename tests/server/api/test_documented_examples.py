"""The examples of docs/api.md are run as they stand there, against a server of the test."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from beffroi_server.alerts.models import Alert
from beffroi_server.schedule.models import AnnouncementPlacement

PAGE = (Path(__file__).parents[3] / "docs/api.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.django_db(transaction=True)


def test_the_commands_do_what_the_page_says(live_server, program_of, dora, hall, keyring):
    commands = [block for block in re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) if "curl" in block]
    assert len(commands) == 3
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands)], capture_output=True, text=True, timeout=60,
        env={"PATH": os.environ["PATH"], "TOKEN": program_of(dora).token, "URL": live_server.url},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert AnnouncementPlacement.objects.get().everywhere
    assert Alert.objects.get().status == "exercise"
