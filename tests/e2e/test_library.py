"""What scripts of the pages do, in a real browser: publishing on a phone, uploads in a form, and drafts that survive.

Taps and Tabs from sign-in to the street are counted: who adds a step to the journey sees it here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from tests.support.browser import signed_in, violations
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


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        locale="en-GB", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, color_scheme="dark"
    )
    yield context.new_page()
    context.close()


def test_a_photo_and_a_title_are_on_every_screen_after_four_taps(
    clairbourg: TownProcesses, phone: Page, tmp_path: Path
) -> None:
    photo, taps = tmp_path / "IMG_20261130.jpg", 0

    def tap(selector: str) -> None:
        nonlocal taps
        taps += 1
        phone.locator(selector).tap()

    Image.effect_noise((1200, 800), 60).convert("RGB").save(photo)
    phone.goto(clairbourg.sign_in_link())
    tap("main .button-primary")
    phone.wait_for_url(f"{clairbourg.url}/")
    tap(".page-head .button-primary")
    expect(phone.locator("[name=title]")).to_be_focused()
    phone.keyboard.type("Collecte de sapins")
    with phone.expect_file_chooser() as chooser:
        tap(".by-touch.button")
    chooser.value.set_files(photo)
    expect(phone.locator("[name=picture_name]")).to_have_value("IMG_20261130")
    expect(phone.locator("[name=picture]:checked + .thumbnail img")).to_be_visible()
    expect(phone.locator("[name=title]")).to_have_value("Collecte de sapins")
    expect(phone.locator("#placement-outlook")).to_contain_text("%")
    expect(phone.locator("#small-preview img")).to_be_visible()
    tap(".form-bar .button-primary")

    expect(phone.locator("#messages")).to_be_focused()
    expect(phone.locator("#messages")).to_contain_text("Announcement “Collecte de sapins” published: on all screens")
    expect(phone.get_by_role("button", name="Take off the screens")).to_be_visible()
    assert taps == 4
    assert phone.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('draft:'))") == []


def test_the_same_file_again_is_the_image_that_is_there(
    clairbourg: TownProcesses, editor: Page, tmp_path: Path
) -> None:
    photo = tmp_path / "Patinoire.jpg"
    Image.effect_noise((900, 600), 40).convert("RGB").save(photo)
    chosen = []
    for _ in range(2):
        editor.goto(f"{clairbourg.url}/announcements/new/")
        editor.set_input_files("[data-picker-files] >> nth=0", photo)
        expect(editor.locator("[name=picture_name]")).to_have_value("Patinoire")
        chosen.append(editor.locator("[name=picture]:checked").get_attribute("value"))
        editor.evaluate("localStorage.clear()")
    assert chosen[0] == chosen[1]
    expect(editor.locator(".upload-said")).to_contain_text("already in the library")
    assert editor.locator(f"[name=picture][value='{chosen[0]}']").count() == 1


def test_the_smallest_announcement_takes_twenty_tabs_at_most(clairbourg: TownProcesses, editor: Page) -> None:
    passed: list[str] = []

    def tab_to(selector: str) -> None:
        for _ in range(40):
            editor.keyboard.press("Tab")
            passed.append(editor.evaluate("document.activeElement.outerHTML.slice(0, 80)"))
            if editor.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(selector)

    editor.evaluate("localStorage.clear()")
    editor.goto(f"{clairbourg.url}/")
    tab_to(".skip")
    editor.keyboard.press("Enter")
    editor.wait_for_url("**/#content")
    tab_to(".page-head .button-primary")
    editor.keyboard.press("Enter")
    expect(editor.locator("[name=title]")).to_be_focused()
    editor.keyboard.type("Piscine fermée")
    tab_to(".form-bar .button-primary")
    editor.keyboard.press("Enter")
    expect(editor.locator("#messages")).to_contain_text("published")
    assert len(passed) <= 20, "\n".join(passed)


def test_a_form_with_doubts_errors_and_open_folds_is_readable(clairbourg: TownProcesses, editor: Page) -> None:
    editor.goto(f"{clairbourg.url}/announcements/new/")
    editor.fill("[name=title]", "Bal des pompiers")
    editor.check("[name=template][value=event]")
    editor.click(".form-bar .button-primary")
    expect(editor.locator("#doubts")).to_be_focused()
    found = violations(editor)
    editor.fill("[name=title]", "")
    editor.check("[name=where][value=chosen]")
    editor.click(".form-bar .button-primary")
    expect(editor.locator("[data-error-summary]")).to_contain_text("Choose at least one group or screen.")
    editor.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true })")
    assert found + violations(editor) == []


class Taps:
    """Counts the taps of a journey."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def tap(self, selector: str) -> None:
        self.count += 1
        self.page.locator(selector).first.click()


def test_a_layout_is_seen_before_it_is_saved_and_a_screen_has_hours_by_weekday(
    clairbourg: TownProcesses, editor: Page
) -> None:
    taps = Taps(editor)
    editor.goto(f"{clairbourg.url}/screens/hall/")
    taps.tap("a[href$='/layout/']")
    before = editor.locator("#preview img").get_attribute("src")
    taps.tap("label:has([value=foot-clock])")
    editor.fill("[name=messages]", "Marché de Noël samedi\nCollecte des sapins lundi")
    expect(editor.locator("#preview img")).not_to_have_attribute("src", before or "")
    drawn = editor.locator("#preview img")
    expect(drawn).to_have_js_property("complete", True)
    assert drawn.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [1920, 1080]
    taps.tap("button.button-primary")
    expect(editor.locator("[value=foot-clock]")).to_be_checked()
    assert taps.count == 3

    editor.goto(f"{clairbourg.url}/screens/hall/hours/")
    editor.locator("summary").first.click()
    editor.select_option("[name=day7_mode]", "off")
    editor.select_option("[name=day6_mode]", "hours")
    editor.fill("[name=day6_from]", "23:30")
    editor.fill("[name=day6_until]", "08:00")
    editor.keyboard.press("Enter")
    hours = editor.locator("section[aria-labelledby=display] li")
    expect(hours).to_have_text(["On all day", "Saturday: off from 23:30 to 08:00", "Sunday: off all day"])


def test_a_menu_is_written_in_a_table_by_keyboard(clairbourg: TownProcesses, editor: Page) -> None:
    editor.goto(f"{clairbourg.url}/announcements/new/")
    editor.locator("summary", has_text="other templates").click()
    editor.locator("label:has([value=timetable])").click()
    editor.focus("#cell-0-0")
    for key in ("Jour", "Tab", "Plat", "Enter", "Riz", "Shift+Tab", "Lundi", "Enter", "Mardi"):
        if key in {"Tab", "Enter", "Shift+Tab"}:
            editor.keyboard.press(key)
        else:
            editor.keyboard.insert_text(key)
    assert editor.input_value("[name=body]") == "Jour | Plat\nLundi | Riz\nMardi | "
    # Another template takes the cells over in its own form.
    editor.locator("label:has([value=listing])").click()
    assert editor.input_value("[name=body]") == "Lundi: Riz\nMardi"
    expect(editor.locator("#cell-0-1")).to_have_value("Riz")


def test_a_further_language_survives_a_closed_page_and_is_saved(clairbourg: TownProcesses, editor: Page) -> None:
    editor.goto(f"{clairbourg.url}/announcements/new/")
    editor.fill("[name=title]", "Marché de printemps")
    editor.locator("summary", has_text="issuing department").click()
    editor.locator("#languages > summary").click()
    editor.select_option("[name=new_language]", "de")
    editor.click("[name=add_language]")
    expect(editor.locator("[name=title]")).to_have_value("Marché de printemps")
    editor.fill("[name=text-de-title]", "Frühlingsmarkt")

    editor.goto(f"{clairbourg.url}/")
    editor.goto(f"{clairbourg.url}/announcements/new/")
    expect(editor.locator("[data-draft-restored]")).to_be_visible()
    editor.click(".form-bar [value=draft]")

    editor.get_by_role("link", name="Marché de printemps", exact=True).click()
    expect(editor.locator("[name=text-de-title]")).to_have_value("Frühlingsmarkt")
