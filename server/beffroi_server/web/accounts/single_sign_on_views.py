"""Sign-in with the town's own account (OpenID Connect), by allauth."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.openid_connect import views
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from beffroi_server.accounts.models import User
from beffroi_server.accounts.single_sign_on import SignOnRefused, sign_on_user
from beffroi_server.core.transactions import serialised
from beffroi_server.web.accounts.sign_in_flow import begin_sign_in

logger = logging.getLogger(__name__)
_FAULTS = (requests.RequestException, ValidationError, ValueError, KeyError, TypeError)
"""What an issuer that is away, or answers nonsense, brings about."""


class SignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Ends allauth's way where somebody is known: whom to sign in, and how, is ours."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Sign in whom the issuer vouches for. The issuer asks for the second factor, so that it is not asked again."""
        linked = sociallogin.user if sociallogin.is_existing else None
        data = sociallogin.account.extra_data
        claims = {**(data.get("id_token") or {}), **(data.get("userinfo") or {})}
        try:
            with serialised():
                user = sign_on_user(claims, linked if isinstance(linked, User) else None)
                if linked is None:
                    sociallogin.user = user
                    sociallogin.account.user = user
                # Groups and names are told anew each time: nothing of them is kept.
                sociallogin.account.extra_data = {}
                sociallogin.account.save()
        except SignOnRefused as refused:
            raise ImmediateHttpResponse(_back(request, refused.message)) from refused
        except (IntegrityError, ValidationError) as error:
            logger.warning("somebody could not be signed in with the town's account: %s", error)
            raise ImmediateHttpResponse(_back(request, _unreachable())) from error
        raise ImmediateHttpResponse(begin_sign_in(request, user, reverse("now"), is_proven=True))

    def on_authentication_error(self, request: HttpRequest, provider: Any, **details: Any) -> None:
        """Go back to the sign-in page, with a sentence."""
        logger.warning("the issuer signs nobody in: %s %s", details.get("error"), details.get("exception") or "")
        raise ImmediateHttpResponse(_back(request, _("You were not signed in with the town’s account. Try again.")))


def _guarded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    def guarded_view(request: HttpRequest, provider_id: str) -> HttpResponse:
        try:
            return view(request, provider_id)
        except ImmediateHttpResponse as answer:
            return answer.response  # type: ignore[no-any-return]
        except _FAULTS as error:
            logger.warning("the issuer of the town's accounts does not answer as it should: %s", error)
            return _back(request, _unreachable())

    return never_cache(require_GET(guarded_view))


sign_on = _guarded(views.login)
"""Send somebody to the issuer."""
sign_on_callback = _guarded(views.callback)
"""Take somebody back from the issuer."""


def _unreachable() -> str:
    return _("The town’s accounts cannot be reached now. Sign in with a password, or with the emergency code.")


def _back(request: HttpRequest, message: str) -> HttpResponse:
    messages.error(request, message)
    return redirect("sign-in")
