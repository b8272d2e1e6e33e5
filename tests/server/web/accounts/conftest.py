"""Sign-ins that no other test has slowed down."""

from __future__ import annotations

import pytest

from beffroi_server.accounts import sign_in_throttle


@pytest.fixture(autouse=True)
def fresh_throttle():
    sign_in_throttle.sign_in_throttle.__init__()
