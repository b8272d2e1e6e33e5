"""An open page whose server is gone says so, keeps what was typed, and goes on by itself when the server is back."""

from __future__ import annotations

import signal

from playwright.sync_api import Browser, expect
from tests.support.browser import signed_in, violations
from tests.support.town_processes import TownProcesses


def test_a_page_without_a_server_says_so_and_an_alert_is_sent_once_it_is_back(
    browser: Browser, clairbourg: TownProcesses
) -> None:
    context = browser.new_context(locale="en", viewport={"width": 390, "height": 844})
    page = signed_in(context.new_page(), clairbourg.sign_in_link())
    notice = page.locator("#connection")
    page.goto(f"{clairbourg.url}/alerts/new/?level=information")
    page.locator("details.more").first.evaluate("element => { element.open = true; }")
    page.locator("[name=title]").fill("Water cut, rue Pasteur")
    expect(notice).to_be_hidden()

    clairbourg.server.stop(signal.SIGKILL)
    expect(notice).to_contain_text("No news from the server since")
    page.get_by_role("button", name="Broadcast now").click()
    expect(notice).to_contain_text("Not sent")
    expect(page.locator("[name=title]")).to_have_value("Water cut, rue Pasteur")
    assert violations(page) == []

    clairbourg.start_server()
    send = page.get_by_role("button", name="Send it now")
    expect(send).to_be_visible()
    expect(page.locator("[name=title]")).to_have_value("Water cut, rue Pasteur")
    send.click()
    page.wait_for_url(lambda url: "/alerts/new/" not in url)
    expect(page.locator("h1")).to_contain_text("Water cut, rue Pasteur")
    count = "from beffroi_server.alerts.models import Alert; print(Alert.objects.count())"
    assert clairbourg.run_server_code(count).strip() == "1"
    context.close()
