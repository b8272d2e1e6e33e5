"""Users who sign in with the town's own account (OpenID Connect): which user, and which role by their groups.

The issuer is the town's. It makes users and gives them roles, as ``settings.OIDC_ROLES`` says, but never makes
administrators: that role is given by hand, and stays whatever the issuer says. A user of the same name whom an
administrator made is not taken over.
"""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit, services
from beffroi_server.accounts.models import User, UserRole
from beffroi_server.core.transactions import serialised

_RANKS = (
    UserRole.VIEWER, UserRole.CONTRIBUTOR, UserRole.EDITOR, UserRole.PUBLISHER, UserRole.TECHNICIAN, UserRole.OFFICER,
)  # fmt: skip
"""Roles that an issuer can give; of several the last one counts."""
_NOT_IN_NAMES = re.compile(r"[^\w.@+-]+")
MAX_NAME = 150


class SignOnRefused(Exception):
    """Refusal to sign somebody in whom the issuer vouches for; the message is for that person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def role_of_claims(claims: dict[str, Any]) -> UserRole | None:
    """Return the role of somebody by the groups that the issuer tells; None for none of ours."""
    groups = claims.get(settings.OIDC_GROUPS_CLAIM)
    names = {str(each) for each in groups} if isinstance(groups, list) else {str(groups)}
    roles = {role for group, role in settings.OIDC_ROLES.items() if group in names}
    return next((role for role in reversed(_RANKS) if role in roles), None)


def sign_on_user(claims: dict[str, Any], linked: User | None) -> User:
    """Return the user to sign in, made or with the role changed as the issuer says.

    Args:
        claims: What the issuer tells of somebody.
        linked: The user who signed in with this account before; None at the first time.

    Raises:
        SignOnRefused: none of the groups has a role here, the name is taken, or an administrator locked the user.
    """
    role = role_of_claims(claims)
    if linked is not None and not linked.is_active:
        raise SignOnRefused(_("Your access is disabled. An administrator can enable it."))
    if role is None and not (linked is not None and linked.may_manage_users):
        raise SignOnRefused(_("Your account has no access to the screens. Ask the town hall for it."))
    with serialised():
        user = linked or _new_user(claims, role)
        if role is not None and not user.may_manage_users and user.role != role:
            user.role = role
            services.update_user(user, actor=None)
        audit.record_event(user, "single-sign-on-used", user)
    return user


def _new_user(claims: dict[str, Any], role: UserRole | None) -> User:
    name = _NOT_IN_NAMES.sub("-", str(claims.get("preferred_username") or claims.get("email") or ""))[:MAX_NAME]
    if not name.strip("-"):
        raise SignOnRefused(_("The town’s account has no user name."))
    if User.objects.filter(username__iexact=name).exists():
        raise SignOnRefused(
            _("There is a user “%(name)s” already, who signs in with a password. Sign in with the password.")
            % {"name": name}
        )
    return services.create_user(
        name,
        role or UserRole.VIEWER,
        first_name=str(claims.get("given_name") or "")[:MAX_NAME],
        last_name=str(claims.get("family_name") or "")[:MAX_NAME],
    )
