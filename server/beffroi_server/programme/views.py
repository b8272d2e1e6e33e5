"""Playlists and the schedule."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def _to_come(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


playlists = playlist = playlist_rename = playlist_delete = entry_add = entry = entry_move = entry_remove = rules = (
    rule_new
) = rule_sentence = rule = rule_delete = _to_come
