"""The OpenAPI document of the API, and the page that shows it to people."""

from __future__ import annotations

import functools
import json
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from beffroi_server.accounts.api_tokens import SCOPES
from beffroi_server.api import interface
from beffroi_server.api.operations import REFUSALS
from beffroi_server.api.problems import MEDIA_TYPE, Problem

_PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""As RFC 9110 has them, and Python from 3.13 on."""
_METHODS = ("get", "post", "put", "patch", "delete")
_PUBLIC = "public, max-age=300"


@functools.lru_cache(maxsize=1)
def openapi_document() -> dict[str, Any]:
    """Return the document, in English: it is part of the contract, not of the pages."""
    with translation.override("en"):
        document: dict[str, Any] = json.loads(json.dumps(interface.api.get_openapi_schema(path_prefix="/api/v1/")))
    document["components"]["securitySchemes"] = {
        "token": {
            "type": "http", "scheme": "bearer",
            "description": "A token from the page “API tokens”. Its scopes: " + ", ".join(SCOPES) + ".",
        },
        "session": {
            "type": "apiKey", "in": "cookie", "name": "sessionid",
            "description": "The session of a browser; what changes something also takes the header X-CSRFToken.",
        },
    }  # fmt: skip
    document["servers"] = []
    document["components"]["schemas"].update(_problem_schemas())
    for operations in document["paths"].values():
        for method in _METHODS:
            if method in operations:
                refusals = {str(status): {"$ref": f"#/components/responses/Refusal{status}"} for status in REFUSALS}
                operations[method]["responses"] |= refusals
    document["components"]["responses"] = {f"Refusal{status}": _refusal(status) for status in REFUSALS}
    return document


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    return {**schema.pop("$defs"), "Problem": schema}


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    found: dict[str, Any] = {
        "description": _PHRASES.get(status) or HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": schema}},
    }
    if status in {429, 503}:
        found["headers"] = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds to wait."}}
    return found


def document_text() -> str:
    """Return the document as it is stored in ``docs/api``."""
    return json.dumps(openapi_document(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


@require_safe
def serve_document(_request: HttpRequest) -> HttpResponse:
    """Hand out the document; it says nothing of the town, so it takes no token."""
    response = JsonResponse(openapi_document())
    response["Cache-Control"] = _PUBLIC
    return response


@require_safe
def document_page(request: HttpRequest) -> HttpResponse:
    """Show the operations to people, by the part that they belong to."""
    response = render(request, "api/document.html", {"parts": _parts(), "scopes": SCOPES.values()})
    return response


def _parts() -> list[tuple[str, list[dict[str, Any]]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for path, operations in openapi_document()["paths"].items():
        for method in _METHODS:
            if method in operations:
                found.setdefault(operations[method]["tags"][0], []).append(_row(method, path, operations[method]))
    return list(found.items())


def _row(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    token: list[str] = next((each["token"] for each in operation["security"] if "token" in each), [])
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "scope": token[0] if token else "",
        "parameters": [each for each in operation.get("parameters", []) if each["in"] in {"path", "query"}],
        "fields": _body_fields(operation),
    }


def _body_fields(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of the body of a request: name, type, and whether they are required."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        schema = _resolve(media["schema"])
        required = schema.get("required", [])
        return [
            {"name": name, "type": _type_text(each), "is_required": name in required}
            for name, each in schema.get("properties", {}).items()
        ]
    return []


def _resolve(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return openapi_document()["components"]["schemas"][name] if name else schema


def _type_text(schema: dict[str, Any]) -> str:
    """Return the type of a field in a few words: ``string``, ``integer or null``, ``one of a, b``."""
    if "enum" in schema:
        return "one of " + ", ".join(str(each) for each in schema["enum"])
    if "$ref" in schema:
        resolved = _resolve(schema)
        return _type_text(resolved) if "enum" in resolved else resolved.get("title", "object")
    if "anyOf" in schema:
        return " or ".join(_type_text(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type_text(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type", "any"))
