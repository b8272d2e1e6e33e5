"""The operator's guide as a page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from beffroi_server.web.access import UserRequest, for_users
from beffroi_server.web.help.guide_text import read_guide


@for_users("GET")
def guide(request: UserRequest) -> HttpResponse:
    """Show the guide in the language of the reader."""
    return render(request, "help/guide.html", {"guide": read_guide(get_language() or "en")})
