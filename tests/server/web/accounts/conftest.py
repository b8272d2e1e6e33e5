"""Sign-ins that no other test has slowed down."""

from __future__ import annotations

import pytest

from beffroi_server.web.accounts import password_views, sign_in_attempts, sign_in_flow


@pytest.fixture(autouse=True)
def fresh_throttles() -> None:
    sign_in_attempts.name_throttle.clear_all()
    sign_in_attempts.network_throttle.clear_all()
    sign_in_flow.code_throttle.clear_all()
    password_views.reset_network_throttle.clear_all()
    password_views.reset_name_throttle.clear_all()
