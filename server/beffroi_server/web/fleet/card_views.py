"""The page of enrolment cards: making them, what became of each, withdrawing one."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from beffroi_content.wire.enrolment_card import EnrolmentCard as CardFile
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.fleet import enrolment_cards
from beffroi_server.fleet.new_screens import add_screens
from beffroi_server.web.access import UserRequest, for_technicians
from beffroi_server.web.fleet.card_files import archive_cards
from beffroi_server.web.fleet.card_forms import CardForm
from beffroi_server.web.forms import save_if_valid
from beffroi_server.web.requests import paginate
from beffroi_server.web.responses import named_download

CARDS_PER_PAGE = 50
SAVED_COOKIE = "download-saved"
"""Tells the page that its form was answered by a file; read by ``page.js``."""


@never_cache
@for_technicians("GET", "POST")
def card_list(request: UserRequest) -> HttpResponseBase:
    """Show the form and the cards that were made; POST makes cards and answers with their files, which are secret."""
    form = CardForm(request.POST or None, initial={"screens": request.GET.getlist("screen")})
    made: list[CardFile] = []
    if request.method == "POST":
        try:
            if save_if_valid(form, lambda: made.extend(_make_cards(form, request))):
                name = f"beffroi-{_('cards')}-{timezone.localdate():%Y-%m-%d}.zip"
                answer = named_download(HttpResponse(archive_cards(made), content_type="application/zip"), name)
                sentence = ngettext(
                    "%(count)d card has been made: its file is in the download.",
                    "%(count)d cards have been made: their files are in the download.",
                    len(made),
                )
                messages.success(request, sentence % {"count": len(made)})
                # A download leaves the page as it was, with a fault that is mended by now: the cookie has it asked for.
                answer.set_cookie(SAVED_COOKIE, "yes", max_age=60, secure=settings.USE_HTTPS, samesite="Strict")
                return answer
        except KeysMissing as error:
            messages.error(request, str(error))
    now = timezone.now()
    page = paginate(request, enrolment_cards.cards_in_scope(request.user), CARDS_PER_PAGE)
    context = {"form": form, "page": page, "rows": [(card, card.state_at(now)) for card in page]}
    return render(request, "fleet/cards.html", context, status=422 if form.errors else 200)


@for_technicians("POST")
def card_withdraw(request: UserRequest, pk: int) -> HttpResponse:
    """Make a card worthless."""
    card = get_object_or_404(enrolment_cards.cards_in_scope(request.user), pk=pk)
    enrolment_cards.withdraw_card(card, user=request.user)
    messages.success(request, _("The card of %(name)s is worth nothing any more.") % {"name": card.screen.name})
    return redirect("cards")


def _make_cards(form: CardForm, request: UserRequest) -> list[CardFile]:
    values = form.cleaned_data
    with serialised():
        added = []
        if values["names"]:
            added = add_screens(values["names"], values["screen_class"], list(values["groups"]), user=request.user)
        screens = [*values["screens"], *added]
        return enrolment_cards.make_cards(screens, days=values["days"], user=request.user, servers=values["servers"])
