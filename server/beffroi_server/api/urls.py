"""Addresses of the REST API: its operations, its document, and the page that shows it."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path, re_path

from beffroi_server.api import document
from beffroi_server.api.interface import api
from beffroi_server.api.operations import answer_problems, unknown_address


def _answering_problems(patterns: list[Any]) -> list[URLPattern]:
    for pattern in patterns:
        pattern.callback = answer_problems(pattern.callback)
    return patterns


urlpatterns: list[URLPattern] = [
    path("", document.document_page, name="api-document"),
    path("openapi.json", document.serve_document, name="api-openapi"),
    *[each for each in _answering_problems(list(api.urls[0])) if each.name != "api-root"],
    re_path(r"^.*$", answer_problems(unknown_address)),
]
