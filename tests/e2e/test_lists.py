"""Lists in a real browser: off the screens and back with one tap each, a playlist sorted by keyboard, forty cards."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.browser import signed_in
from tests.support.town_processes import TownProcesses

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def editor(clairbourg: TownProcesses, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", viewport=PHONE, has_touch=True)
    yield signed_in(context.new_page(), clairbourg.sign_in_link())
    context.close()


def tap(page: Page, name: str, role: str = "button") -> int:
    """Tap the first thing of a name; return 1, to be counted."""
    page.get_by_role(role, name=name).first.tap()  # type: ignore[arg-type]
    return 1


@pytest.mark.parametrize("address", ["/", "/announcements/"])
def test_one_tap_takes_off_the_screens_and_one_more_brings_back(
    clairbourg: TownProcesses, editor: Page, address: str
) -> None:
    editor.goto(clairbourg.url + address)
    taps = tap(editor, "Take off the screens")
    note = editor.locator(".note.success")
    expect(note).to_contain_text("has been taken off the screens")
    assert editor.url == clairbourg.url + address
    taps += tap(editor, "Undo")
    expect(note).to_contain_text("Undone:")
    assert taps == 2


def test_a_playlist_of_four_takes_six_taps_and_keeps_the_order_of_ticking(
    clairbourg: TownProcesses, editor: Page
) -> None:
    editor.goto(f"{clairbourg.url}/playlists/")
    editor.get_by_label("name").fill("Four")
    taps = tap(editor, "Create")
    boxes = editor.locator("[data-pick-order] input[type=checkbox]")
    wanted = [boxes.nth(place).locator("xpath=..").inner_text().strip() for place in (3, 0, 2, 1)]
    for place in (3, 0, 2, 1):
        boxes.nth(place).tap()
        taps += 1
    taps += tap(editor, "Add selected")
    expect(editor.locator(".entries .title")).to_have_text(wanted)
    assert taps == 6


def test_a_playlist_is_sorted_by_keyboard_without_losing_the_focus(clairbourg: TownProcesses, editor: Page) -> None:
    editor.goto(f"{clairbourg.url}/playlists/")
    editor.get_by_role("link", name="Four").click()
    titles = editor.locator(".entries .title")
    before = titles.all_inner_texts()
    handle = editor.locator(".handle").first
    handle.focus()
    name = handle.get_attribute("id")
    with editor.expect_response("**/order/") as answer:
        editor.keyboard.press("ArrowDown")
        editor.keyboard.press("ArrowDown")
    assert answer.value.status == 204
    assert editor.evaluate("document.activeElement.id") == name
    expect(editor.locator("#announcer")).to_have_text(f"“{before[0]}”: now 3 of 4.")
    with editor.expect_response("**/order/"):
        editor.get_by_role("button", name=f"Move “{before[3]}” up").tap()
    sorted_by_hand = [before[1], before[2], before[3], before[0]]
    expect(titles).to_have_text(sorted_by_hand)
    editor.reload()
    expect(titles).to_have_text(sorted_by_hand)


def test_forty_cards_come_from_one_form_and_the_page_says_so(clairbourg: TownProcesses, editor: Page) -> None:
    editor.goto(f"{clairbourg.url}/cards/")
    editor.get_by_text("Add new screens").tap()
    editor.locator("[name=names]").fill("\n".join(f"Stop {number}" for number in range(1, 41)))
    editor.locator("[name=screen_class]").select_option(index=1)
    with editor.expect_download() as made:
        tap(editor, "Make the cards and download them")

    with zipfile.ZipFile(made.value.path()) as archive:
        names = [name for name in archive.namelist() if name.endswith("/user-data")]
    assert len(names) == 40
    # A download leaves the page where it is: its script brings the page of the cards that were made.
    expect(editor.locator("#messages")).to_contain_text("40")
    expect(editor.locator("#cards li").first).to_contain_text("Stop")
    expect(editor.locator("[name=names]")).to_have_value("")
