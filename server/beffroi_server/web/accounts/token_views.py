"""Page of the tokens of the REST API: one's own to make and revoke; for administrators, those of all."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from django.views.decorators.cache import never_cache

from beffroi_server.accounts import api_tokens, second_factor
from beffroi_server.accounts.models import ApiToken, User
from beffroi_server.web.access import UserRequest, current_town, for_users
from beffroi_server.web.accounts.sign_in_flow import is_fresh
from beffroi_server.web.forms import StyledForm, add_form_errors
from beffroi_server.web.requests import paginate

TOKENS_PER_PAGE = 50
LIFETIME_CHOICES = [
    ("30", ngettext_lazy("%d day", "%d days", 30) % 30),
    ("90", ngettext_lazy("%d day", "%d days", 90) % 90),
    ("365", gettext_lazy("one year")),
    ("730", gettext_lazy("two years")),
]


class TokenForm(StyledForm):
    """Form of a new token, with the scopes that the role of its user reaches."""

    name = forms.CharField(
        label=gettext_lazy("What is it for?"),
        max_length=80,
        help_text=gettext_lazy("The audit trail names it, for example “Website of the town”."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("It may"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose what the token may do, within what you may do yourself.")},
    )
    lifetime = forms.TypedChoiceField(
        label=gettext_lazy("It lasts"), choices=LIFETIME_CHOICES, coerce=int, initial="365"
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(scope.name, scope.label) for scope in api_tokens.offered_scopes(user)]


@never_cache
@for_users("GET", "POST")
def token_list(request: UserRequest) -> HttpResponse:
    """List the tokens; POST makes one, and shows its secret, once."""
    form = TokenForm(request.user, request.POST if request.method == "POST" else None)
    secret = _make_token(request, form) if request.method == "POST" and form.is_valid() else ""
    if secret:
        form = TokenForm(request.user)
    rows = ApiToken.objects.select_related("user")
    sees_all = request.user.may_administer
    page = paginate(request, rows if sees_all else rows.filter(user=request.user), TOKENS_PER_PAGE)
    now = timezone.now()
    context = {
        "form": form,
        "secret": secret,
        "page": page,
        "sees_all": sees_all,
        "rows": [
            {
                "token": each,
                "scopes": [str(api_tokens.SCOPES[name].label) for name in each.scopes if name in api_tokens.SCOPES],
                "is_over": each.revoked_at is not None or each.expires_at <= now,
            }
            for each in page
        ],
    }
    return render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)


@for_users("POST")
def token_revoke(request: UserRequest, pk: int) -> HttpResponse:
    """Revoke a token: one's own, or as an administrator that of somebody else."""
    rows = ApiToken.objects.select_related("user")
    if not request.user.may_administer:
        rows = rows.filter(user=request.user)
    found = get_object_or_404(rows, pk=pk)
    api_tokens.revoke_token(found, actor=request.user)
    messages.success(request, _("The token “%(name)s” has been revoked.") % {"name": found.name})
    return redirect("api-tokens")


def _second_factor_problem(request: UserRequest, scopes: list[str]) -> str:
    """Return what is missing for a token that takes every screen or the town, where the town asks for a second factor.

    A token needs none later: whoever finds a session open must not be able to leave with one.
    """
    asks = current_town().second_factor_since is not None and not api_tokens.GRAVE_SCOPES.isdisjoint(scopes)
    if not asks:
        return ""
    if not second_factor.has_second_factor(request.user):
        return _("A token that may do this needs a second factor: set it up under “My account” first.")
    if not is_fresh(request):
        return _("For a token that may do this, sign out and in again: your sign-in was more than ten minutes ago.")
    return ""


def _make_token(request: UserRequest, form: TokenForm) -> str:
    """Return the secret of a new token; empty where it was refused."""
    values = form.cleaned_data
    if problem := _second_factor_problem(request, values["scopes"]):
        form.add_error(None, problem)
        return ""
    try:
        _token, secret = api_tokens.create_token(
            request.user, values["name"], values["scopes"], dt.timedelta(days=values["lifetime"])
        )
    except api_tokens.TokenRefused as refused:
        form.add_error(None, str(refused))
    except ValidationError as refused:
        add_form_errors(form, refused.messages)
    else:
        return secret
    return ""
