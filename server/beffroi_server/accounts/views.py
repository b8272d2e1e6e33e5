"""Sign-in, the account, the town, people and the audit trail."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def _to_come(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


sign_in = sign_in_link = sign_out = language = account = town = people = person_add = person = person_link = audit = (
    _to_come
)
