"""An operator at a browser without a picture: signs in, fills forms in, sends them with their CSRF token."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import requests

TIMEOUT_S = 30
_ALERT = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")


class PageUnexpected(OSError):
    """A page is not what an operator expects there."""


@dataclass
class Form:
    """A form of a page, with what is filled in already."""

    action: str
    values: dict[str, str | list[str]] = field(default_factory=dict)
    buttons: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    """Of all its fields, empty ones included."""


class Operator:
    """Somebody with a browser; use it as a context manager.

    Args:
        url: The server's.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False

    def sign_in(self, link: str) -> None:
        """Use a one-time link."""
        page = self._get(link)
        for form in _forms(page.text, page.url):
            if "/sign-in/" in form.action:
                self._post(form)

    def broadcast_form(self, title: str) -> Form:
        """Open the page that broadcasts an alert and fill in an emergency for all screens."""
        page = self._get(f"{self._url}/alerts/new/?level=emergency")
        form = next((form for form in _forms(page.text, page.url) if "title" in form.names), None)
        if form is None:
            raise PageUnexpected(f"{page.url} has no form for an alert")
        form.values |= {
            "title": title,
            "description": "La Vive déborde. Les quais, le camping et la rue Basse sont inondés.",
            "instruction": "Rejoignez à pied la salle des fêtes.",
        }
        return form

    def scenario_form(self, scenario: int) -> Form:
        """Open the page that broadcasts a prepared scenario, as it is prepared."""
        page = self._get(f"{self._url}/alerts/new/?scenario={scenario}")
        form = next((form for form in _forms(page.text, page.url) if "title" in form.names), None)
        if form is None:
            raise PageUnexpected(f"{page.url} has no form for an alert")
        return form

    def send(self, form: Form) -> str:
        """Send the form and return the identifier of the alert."""
        answer = self._post(form)
        match = _ALERT.search(answer.headers.get("Location", ""))
        if match is None:
            raise PageUnexpected(f"{form.action} answered {answer.status_code} instead of leading to the alert")
        return match[1]

    def withdraw(self, alert: str) -> None:
        """Take an alert off the screens without “end of alert”."""
        page = self._get(f"{self._url}/alerts/{alert}/")
        form = next((form for form in _forms(page.text, page.url) if "withdraw" in form.action), None)
        if form is None:
            raise PageUnexpected(f"{page.url} has no button to withdraw the alert")
        self._post(form)

    def disconnect(self) -> None:
        """Close all connections: the next request makes a new one."""
        self._session.close()

    def post_page(
        self, path: str, values: dict[str, str], files: list[tuple[str, tuple[str, bytes]]] | None = None
    ) -> int:
        """Send values and files to a page, as its form does; return the status of the answer."""
        headers = {"Referer": self._url, "Origin": self._url, "X-CSRFToken": self._session.cookies.get("csrftoken", "")}
        answer = self._session.post(
            self._url + path, values, files=files, headers=headers, timeout=TIMEOUT_S, allow_redirects=False
        )
        return answer.status_code

    def cookies(self) -> dict[str, str]:
        """Return the cookies of the browser, by name."""
        return self._session.cookies.get_dict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._session.close()

    def _get(self, address: str) -> requests.Response:
        answer = self._session.get(address, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer

    def _post(self, form: Form) -> requests.Response:
        # Browsers say where a form comes from, and Django asks for it.
        headers = {"Referer": form.action, "Origin": self._url}
        answer = self._session.post(form.action, form.values, headers=headers, timeout=TIMEOUT_S, allow_redirects=False)
        answer.raise_for_status()
        return answer


def _forms(page: str, address: str) -> list[Form]:
    reader = _Reader(address)
    reader.feed(page)
    return reader.forms


class _Reader(HTMLParser):
    """Collects the forms of a page as a browser would send them untouched."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._address = address
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(urljoin(self._address, values.get("action") or self._address))
            self.forms.append(self._form)
        if self._form is None:
            return
        if tag in {"input", "textarea", "select"} and values.get("name"):
            self._form.names.add(values["name"])
        if tag == "select":
            self._select = values.get("name", "")
        elif tag == "option" and "selected" in values:
            self._add(self._select, values.get("value", ""))
        elif tag == "input" and values.get("type") not in {"submit", "file", "button"}:
            is_box = values.get("type") in {"checkbox", "radio"}
            if not is_box or "checked" in values:
                self._add(values.get("name", ""), values.get("value", "on" if is_box else ""))
        elif tag in {"button", "input"} and values.get("name"):
            self._form.buttons[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def _add(self, name: str, value: str) -> None:
        if self._form is None or not name:
            return
        before = self._form.values.get(name)
        if before is None:
            self._form.values[name] = value
        else:
            self._form.values[name] = [*(before if isinstance(before, list) else [before]), value]
