"""The schedule: which playlist is on, where and when."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def _to_come(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


rules = rule_new = rule_sentence = rule = rule_delete = _to_come
