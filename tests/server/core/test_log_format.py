"""Tests of the format of log lines."""

from __future__ import annotations

import logging

import pytest

from beffroi_server.core.log_format import RedactingFormatter

SECRET = "kQ7-tOkEn_x"


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (f"Forbidden (CSRF cookie not set.): /sign-in/{SECRET}/", "Forbidden (CSRF cookie not set.): /sign-in/…/"),
        (
            f"Not Found: https://town.example/sign-in/{SECRET}?next=/",
            "Not Found: https://town.example/sign-in/…?next=/",
        ),
        ("Forbidden: /sign-in/", "Forbidden: /sign-in/"),
    ],
)
def test_tokens_of_sign_in_links_are_left_out(message, line):
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "%s", (message,), None)

    assert RedactingFormatter("%(message)s").format(record) == line


def test_every_handler_uses_it(settings):
    handlers = settings.LOGGING["handlers"].values()
    formats = {settings.LOGGING["formatters"][handler["formatter"]]["()"] for handler in handlers}

    assert formats == {f"{RedactingFormatter.__module__}.{RedactingFormatter.__qualname__}"}
