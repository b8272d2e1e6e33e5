"""The letter check: one line tells a machine that draws Arabic and Hebrew otherwise."""

from __future__ import annotations

import subprocess
import sys

import pytest

from beffroi_content.raster.text.fonts import has_raqm
from beffroi_content.rendering import letter_check


def digest_with(prelude: str) -> tuple[str, str]:
    script = (
        f"{prelude}\n"
        "from beffroi_content.rendering.letter_check import *\n"
        "print(right_to_left_digest(), drawing_libraries())"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    digest, _, libraries = run.stdout.strip().partition(" ")
    return digest, libraries


def test_another_process_draws_the_line_alike():
    assert digest_with("pass") == (letter_check.right_to_left_digest(), letter_check.drawing_libraries())


@pytest.mark.skipif(not has_raqm(), reason="libfribidi is missing here")
def test_a_machine_without_fribidi_is_told_by_the_line():
    digest, libraries = digest_with("from PIL import features; features.check = lambda name: False")
    assert digest != letter_check.right_to_left_digest()
    assert libraries.endswith(letter_check.NO_FRIBIDI)
