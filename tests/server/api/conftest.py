"""Programs that call the API, each with a token of somebody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from beffroi_server.accounts import api_tokens
from beffroi_server.accounts.models import User
from beffroi_server.api import callers


class ApiClient:
    """A program with a token; answers to faults are raised."""

    def __init__(self, token: str) -> None:
        self._client = Client(HTTP_ACCEPT_LANGUAGE="en")
        self.token = token

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        given = {"Authorization": f"Bearer {self.token}", **{name.replace("_", "-"): headers[name] for name in headers}}
        values = {"data": body, "content_type": "application/json"} if body is not None else {}
        return getattr(self._client, method.lower())(f"/api/v1{path}", headers=given, **values)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.call("DELETE", path, **headers)


@pytest.fixture(autouse=True)
def fresh_throttles() -> None:
    for throttle in (callers.request_throttle, callers.alert_throttle, callers.guess_throttle):
        throttle.clear_all()


@pytest.fixture
def program_of() -> Callable[..., ApiClient]:
    """Return a function that makes a program with a token of a user, for some scopes or all that the role reaches."""

    def make(user: User, *scopes: str, name: str = "script") -> ApiClient:
        chosen = scopes or [scope.name for scope in api_tokens.offered_scopes(user)]
        return ApiClient(api_tokens.create_token(user, name, chosen, dt.timedelta(days=1))[1])

    return make


@pytest.fixture
def api(program_of, dora) -> ApiClient:
    """A program of the administrator, which may do everything."""
    return program_of(dora)
