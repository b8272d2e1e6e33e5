"""What scripts of the pages do, in a real browser: uploads with their progress, and drafts that survive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.browser import signed_in
from tests.support.sample_videos import sample_video
from tests.support.town_processes import TownProcesses


@pytest.fixture(scope="module")
def editor(clairbourg: TownProcesses, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    yield signed_in(context.new_page(), clairbourg.sign_in_link())
    context.close()


def test_a_video_is_uploaded_and_prepared_without_a_reload(
    clairbourg: TownProcesses, editor: Page, tmp_path: Path
) -> None:
    path = tmp_path / "Carnaval.mp4"
    path.write_bytes(sample_video((1280, 720), 25, 6))
    editor.goto(f"{clairbourg.url}/images/")
    editor.set_input_files("input[type=file]", path)

    tile = editor.locator(".picture", has_text="Carnaval")
    expect(tile).to_be_visible()
    expect(tile.locator("progress")).to_have_count(0)
    tile.get_by_role("link").click()
    video = editor.locator("video")
    expect(video).to_be_visible()
    assert video.evaluate("async (each) => { await each.play(); return each.duration }") == pytest.approx(6, abs=0.1)


def test_what_cannot_be_taken_in_is_said_and_the_page_stays_usable(
    clairbourg: TownProcesses, editor: Page, tmp_path: Path
) -> None:
    path = tmp_path / "notes.jpg"
    path.write_text("no picture")
    editor.goto(f"{clairbourg.url}/images/")
    for refused in (1, 2):
        editor.set_input_files("input[type=file]", path)
        expect(editor.get_by_text("“notes” is not an image or video")).to_have_count(refused)


def test_what_was_typed_survives_a_closed_page(clairbourg: TownProcesses, editor: Page) -> None:
    editor.goto(f"{clairbourg.url}/announcements/new/")
    editor.check("input[name=template][value=event]")
    editor.fill("input[name=title]", "Bal des pompiers")
    editor.goto(f"{clairbourg.url}/")
    editor.goto(f"{clairbourg.url}/announcements/new/")
    expect(editor.locator("[data-draft-restored]")).to_be_visible()
    expect(editor.locator("input[name=title]")).to_have_value("Bal des pompiers")
    expect(editor.locator("input[name=template][value=event]")).to_be_checked()
    editor.click("[data-draft-discard]")
    expect(editor.locator("input[name=title]")).to_have_value("")
    editor.goto(f"{clairbourg.url}/announcements/new/")
    expect(editor.locator("input[name=title]")).to_have_value("")
