"""A colleague is invited, chooses a password, and signs in with a second factor: app and passkey, in a real browser."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.browser import signed_in, violations
from tests.support.town_processes import TownProcesses

PASSWORD = "an officer's long sentence"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, new_town: Path) -> Iterator[TownProcesses]:
    processes = TownProcesses(tmp_path_factory.mktemp("town"))
    # Passkeys belong to a name: browsers make none for an address of numbers.
    processes.url = processes.url.replace("127.0.0.1", "localhost")
    processes.environment["BEFFROI_URL"] = processes.url
    try:
        processes.open(data=new_town)
        yield processes
    finally:
        processes.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", viewport={"width": 390, "height": 844}, color_scheme="dark")
    yield context.new_page()
    context.close()


def code_of(secret: str, steps: int = 0) -> str:
    """Return the code of an authenticator app (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(base64.b32decode(secret.replace(" ", "")), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def invitation(town: TownProcesses, browser: Browser) -> str:
    context = browser.new_context(locale="en-GB")
    page = signed_in(context.new_page(), town.sign_in_link())
    page.goto(f"{town.url}/users/add/")
    page.fill("[name=username]", "ines")
    page.check("[name=role][value=officer]")
    page.get_by_role("button", name="Invite").click()
    link = page.locator("#link").inner_text()
    assert violations(page) == []
    context.close()
    return link


def test_from_the_invitation_to_a_passkey(town: TownProcesses, browser: Browser, phone: Page) -> None:
    signed_in(phone, invitation(town, browser))
    assert violations(phone) == []
    phone.fill("[name=new]", PASSWORD)
    phone.get_by_role("button", name="Save password").click()
    phone.wait_for_url(f"{town.url}/")

    phone.goto(f"{town.url}/account/second-factor/")
    assert violations(phone) == []
    phone.get_by_role("link", name="Set up an app").click()
    secret = phone.locator("#totp-key").inner_text()
    assert violations(phone) == []
    phone.fill("[name=code]", code_of(secret, -1))
    phone.get_by_role("button", name="Switch on").click()
    expect(phone.locator("#codes")).to_be_visible()
    recovery = phone.locator("#codes").inner_text().split()
    assert len(recovery) == 10
    assert violations(phone) == []

    sign_in(phone, town)
    assert violations(phone) == []
    phone.fill("[name=code]", code_of(secret))
    phone.get_by_role("button", name="Sign in", exact=True).click()
    phone.wait_for_url(f"{town.url}/")

    debugger = phone.context.new_cdp_session(phone)
    debugger.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    debugger.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    phone.goto(f"{town.url}/account/second-factor/passkey/")
    assert violations(phone) == []
    phone.fill("[name=name]", "My telephone")
    phone.get_by_role("button", name="Make the passkey").click()
    expect(phone.locator("#codes")).to_be_visible()

    sign_in(phone, town)
    phone.get_by_role("button", name="Use a passkey").click()
    phone.wait_for_url(f"{town.url}/")

    sign_out(phone)
    phone.get_by_role("button", name="Sign in with a passkey").click()
    phone.wait_for_url(f"{town.url}/")
    phone.goto(f"{town.url}/account/")
    expect(phone.get_by_text("this device")).to_be_visible()


def sign_in(page: Page, town: TownProcesses) -> None:
    sign_out(page)
    page.fill("[name=username]", "ines")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{town.url}/sign-in/second-factor/")


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: "/sign-in/" in url)
