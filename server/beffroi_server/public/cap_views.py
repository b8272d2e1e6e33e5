"""Alerts as CAP: an Atom feed of the newest messages, each document, and the certificate that verifies them.

They are public while the town gives them out, whether or not there is a public page of announcements.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings as server
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Enclosure
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from beffroi_server.accounts.models import Town
from beffroi_server.outlets import cap_messages, cap_signing
from beffroi_server.outlets.cap_document import MEDIA_TYPE
from beffroi_server.outlets.models import CapMessage
from beffroi_server.public.conditional import StableAtomFeed, answer_conditionally

MAX_AGE_S = 5
"""Seconds for which caches may hand out the same: an alert is not to be late for a cache."""


def _while_given_out(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return a view for everybody while alerts are given out as CAP; 404 while they are not."""

    @csrf_exempt
    @require_safe
    @wraps(view)
    def open_view(request: HttpRequest, **values: str) -> HttpResponse:
        if cap_messages.cap_output() is None:
            raise Http404
        response = view(request, **values)
        response["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
        return answer_conditionally(request, response)

    return open_view


@_while_given_out
def cap_feed(_request: HttpRequest) -> HttpResponse:
    """Return the newest messages as Atom; each entry links to its document."""
    town = Town.objects.get()
    feed = StableAtomFeed(
        title=_("Alerts of %(town)s") % {"town": town.name}, link=_address("cap-feed"), description="",
        language=town.locale, feed_url=_address("cap-feed"), author_name=town.name,
    )  # fmt: skip
    for each in cap_messages.listed_messages():
        link = _address("cap-message", each.identifier)
        enclosure = Enclosure(link, str(len(each.document.encode())), MEDIA_TYPE)
        feed.add_item(
            title=each.headline, link=link, description="", unique_id=link, pubdate=each.sent, updateddate=each.sent,
            categories=[each.message_type], enclosures=[enclosure],
        )  # fmt: skip
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


@_while_given_out
def cap_message(_request: HttpRequest, identifier: str) -> HttpResponse:
    """Return one document, as it was signed."""
    found = get_object_or_404(CapMessage, identifier=identifier)
    return HttpResponse(found.document, content_type=f"{MEDIA_TYPE}; charset=utf-8")


@_while_given_out
def cap_certificate(_request: HttpRequest) -> HttpResponse:
    """Return the certificate that verifies the documents."""
    return HttpResponse(cap_signing.certificate(), content_type="application/x-pem-file")


def _address(name: str, *arguments: str) -> str:
    return f"{server.PUBLIC_URL}{reverse(name, args=arguments)}"
