"""From a click to signed pixels: what an editor and an officer do in their browser, and what the street sees."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from tests.support.browser import VirtualDisplay, open_display, signed_in
from tests.support.town_processes import TownProcesses, open_town_processes, same_pixels
from tests.support.waiting import until

SIZE = (1920, 1080)


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory, new_town: Path) -> Iterator[TownProcesses]:
    with open_town_processes(tmp_path_factory.mktemp("spine"), new_town) as house:
        yield house


@pytest.fixture
def display() -> Iterator[VirtualDisplay]:
    with open_display(*SIZE) as display:
        yield display


@pytest.fixture
def page(house: TownProcesses, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", base_url=house.url)
    yield signed_in(context.new_page(), house.sign_in_link())
    context.close()


def preview(page: Page) -> list[Image.Image]:
    """Return the pictures of the preview, as the page got them."""
    addresses = page.locator(".preview-pages img").evaluate_all("images => images.map(image => image.src)")
    return [Image.open(io.BytesIO(page.request.get(address).body())).convert("RGB") for address in addresses]


def shows(display: VirtualDisplay, pictures: list[Image.Image]) -> bool:
    glass = display.screenshot()
    return any(picture.size == SIZE and same_pixels(glass, picture) for picture in pictures)


def add_screen(page: Page) -> str:
    """Add a screen and return the command for its player."""
    page.goto("/screens/add/")
    page.get_by_label("Name").fill("Town hall")
    kind = page.locator("#id_screen_class option", has_text="1920 × 1080").get_attribute("value")
    page.get_by_label("Screen class").select_option(kind)
    page.get_by_role("button", name="Add, and continue to its player").click()
    page.get_by_role("link", name="Without a code on the screen").click()
    page.get_by_role("button", name="Create the command").click()
    return page.locator("#command").inner_text()


def write_announcement(page: Page) -> list[Image.Image]:
    """Write one as an editor does; return its previews."""
    page.goto("/announcements/new/")
    drawing = page.locator(".preview-pages img").first
    texts = {"Text": "Bassin ludique dès 10 h : l’entrée est gratuite !", "Title": "La piscine rouvre lundi"}
    for label, text in texts.items():
        before = drawing.get_attribute("src")
        page.get_by_role("textbox", name=label).first.fill(text)
        expect(drawing).not_to_have_attribute("src", str(before))
    pictures = preview(page)
    page.get_by_role("button", name="Save as draft").click()
    expect(page.get_by_role("link", name="La piscine rouvre lundi", exact=True)).to_be_visible()
    return pictures


def schedule(page: Page) -> None:
    """Put the announcement into a playlist, and the playlist on every screen."""
    page.goto("/playlists/")
    page.get_by_label("Name").fill("Town life")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("checkbox", name="La piscine rouvre lundi").check()
    page.get_by_role("button", name="Add selected").click()
    page.get_by_role("link", name="Schedule this playlist").first.click()
    with page.expect_response("**/schedule/sentence/"):
        page.get_by_role("button", name="Save").focus()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("on all screens").first).to_be_visible()


def exact_picture(page: Page) -> Image.Image:
    """Have an exact picture taken, as a technician does; return it as the page gets it."""
    page.goto("/screens/town-hall/")
    page.get_by_role("button", name="Take a screen capture").click()
    expect(page.get_by_text("The capture has arrived.")).to_be_visible()
    expect(page.locator("#exact").get_by_text("identical to the pixel")).to_be_visible()
    address = str(page.locator("#exact img").get_attribute("src"))
    return Image.open(io.BytesIO(page.request.get(address).body())).convert("RGB")


def what_to_do(page: Page) -> Locator:
    return page.get_by_role("textbox", name="What to do (optional)")


def prepare_scenario(page: Page) -> None:
    page.goto("/scenarios/new/")
    page.get_by_label("Name").fill("Flood of the quays")
    page.get_by_label("Title").fill("Crue : évacuez les quais")
    what_to_do(page).fill("Montez à l’étage. N’appelez le 112 qu’en cas de danger.")
    page.get_by_label("Seconds of").fill("2")
    page.locator("main form .button-primary").click()
    expect(page.get_by_text("is ready to broadcast")).to_be_visible()


def as_on_a_phone_at_night(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    page.emulate_media(color_scheme="dark")


def tap(target: Locator) -> None:
    """Tap what can be seen without scrolling."""
    expect(target).to_be_in_viewport(ratio=1)
    target.click()


def write_free_alert(page: Page) -> None:
    """Broadcast a text that nobody has prepared: five taps, and nothing to scroll for."""
    page.goto("/")
    tap(page.get_by_role("banner").get_by_role("link", name="Alert", exact=True))
    tap(page.get_by_role("link", name="Another alert"))
    tap(page.get_by_role("link", name="Information: joins the loop"))
    title = page.get_by_role("textbox", name="Title")
    for needed in (page.get_by_role("radio", name="Exercise"), what_to_do(page)):
        expect(needed).to_be_in_viewport(ratio=1)
    tap(title)
    page.keyboard.type("Rue Pasteur fermée")
    reach = page.locator("#foot-summary")
    expect(reach).to_have_text("on 1 screen, for 1 h")
    expect(reach).to_be_in_viewport(ratio=1)
    tap(page.get_by_role("button", name="Broadcast now"))
    expect(page.get_by_role("heading", name="Rue Pasteur fermée")).to_be_visible()


def test_what_is_written_is_on_the_glass_to_the_pixel_and_an_alert_takes_it_over(
    house: TownProcesses, page: Page, display: VirtualDisplay
) -> None:
    player = house.enrol_player("hall", add_screen(page), output="window", display=display.name)
    player.process.start()

    announcement = write_announcement(page)
    schedule(page)
    until("the announcement is on the glass as it was previewed", lambda: shows(display, announcement))
    page.goto("/")
    expect(page.get_by_text("identical to the pixel")).to_be_visible()

    assert same_pixels(exact_picture(page), display.screenshot())

    prepare_scenario(page)
    as_on_a_phone_at_night(page)
    page.goto("/")
    began = time.monotonic()
    tap(page.get_by_role("banner").get_by_role("link", name="Alert", exact=True))
    tap(page.get_by_role("link", name="Flood of the quays"))
    tap(page.get_by_role("button", name="Broadcast now"))
    expect(page.locator("#receipts [data-say='shown by 1 of 1 screens']")).to_be_attached()
    assert time.monotonic() - began < 20
    alert = preview(page)
    until("the alert takes the glass over as it was previewed", lambda: shows(display, alert))

    page.get_by_role("link", name="Correct").click()
    page.get_by_role("textbox", name="Title").fill("Crue : évacuez le quai nord")
    page.get_by_role("button", name="Replace the text now").click()
    expect(page.locator("#receipts [data-say='shown by 1 of 1 screens']")).to_be_attached()
    corrected = preview(page)
    assert not same_pixels(corrected[0], alert[0])
    until("the corrected text is on the glass", lambda: shows(display, corrected))

    page.get_by_role("button", name="End the alert").click()
    until("the announcement is back", lambda: shows(display, announcement))
    write_free_alert(page)
