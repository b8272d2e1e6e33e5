"""Browsers with English pages: nobody's, and those of each role."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.fixture
def client(town) -> Client:
    return Client(HTTP_ACCEPT_LANGUAGE="en")


@pytest.fixture
def as_alice(client, alice) -> Client:
    """The browser of the editor."""
    client.force_login(alice)
    return client


@pytest.fixture
def as_bob(client, bob) -> Client:
    """The browser of the officer on call."""
    client.force_login(bob)
    return client


@pytest.fixture
def as_charlie(client, charlie) -> Client:
    """The browser of the technician."""
    client.force_login(charlie)
    return client


@pytest.fixture
def as_dora(client, dora) -> Client:
    """The browser of the administrator."""
    client.force_login(dora)
    return client
