"""The command that says what the library would take in of a file."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from PIL import Image
from tests.support.sample_odd_videos import grey_ramp, odd_video

from beffroi_server.__main__ import main

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def file(tmp_path):
    def write(content: bytes) -> str:
        path = tmp_path / "upload"
        path.write_bytes(content)
        return str(path)

    return write


def tiff(pages: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (30, 20)).save(
        buffer, "TIFF", save_all=True, append_images=[Image.new("RGB", (30, 20))] * (pages - 1)
    )
    return buffer.getvalue()


def test_prints_each_page_and_what_is_left_out(file, capsys):
    assert main(["media", "check", file(tiff(22))]) == 0
    printed = json.loads(capsys.readouterr().out)

    assert [(page["page"], page["kind"], page["width"]) for page in printed["pages"]][-1] == (20, "image", 30)
    (warning,) = printed["warnings"]
    assert (warning["code"], warning["shown"], warning["of"]) == ("pages-left-out", 20, 22)
    assert warning["sentence"].startswith("Only the first 20 of 22 pages")


@pytest.mark.parametrize("options", [[], ["--quick"]])
def test_converts_a_video_unless_it_is_to_be_quick(file, capsys, options):
    content = odd_video([(grey_ramp(10), {})], container="matroska", beeps=[(0, 2)])
    assert main(["media", "check", file(content), *options]) == 0
    printed = json.loads(capsys.readouterr().out)

    (page,) = printed["pages"]
    assert (page["kind"], page["width"], page["height"]) == ("video", 64, 48)
    assert [warning["code"] for warning in printed["warnings"]] == ([] if options else ["sound-cut"])
    assert options or (page["duration_ms"], page["frame_rate"], page["has_sound"]) == (400, 25, True)


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty"), (b"Bonjour", "not-an-image"), (b"II*\0\x10\0\0\0CR\2\0", "raw-photo")]
)
def test_says_why_it_refuses(file, capsys, content, code):
    assert main(["media", "check", file(content)]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["code"] == code
    assert json.loads(printed.out)["refused"] in printed.err


@pytest.mark.parametrize(
    "arguments", [[], ["check"], ["look", "x"], ["check", "/there/is/no/such/file"], ["check", "/"]]
)
def test_a_wrong_call_is_told(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["media", *arguments])
    assert stopped.value.code == 2
    assert "beffroi-server media" in capsys.readouterr().err


def test_needs_no_settings(file):
    command = [sys.executable, "-m", "beffroi_server", "media", "check", file(tiff(1))]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60, env={"BEFFROI_TIME_ZONE": "Nowhere"})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["media_type"] == "image/tiff"
