"""Who administers which users: an administrator every one, a local administrator those within the own scope.

A local administrator is limited to groups of screens, such as those of one municipality, and manages the users who are
limited to some of these groups and to nothing else. Nobody becomes an administrator that way.
"""

from __future__ import annotations

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import User, UserRole
from beffroi_server.accounts.permissions import require


def users_managed(actor: User | None) -> QuerySet[User]:
    """Return the users whom somebody administers; None is the server."""
    if actor is None or actor.may_administer:
        return User.objects.all()
    if not actor.may_manage_users:
        return User.objects.none()
    own = list(actor.scope_groups.values_list("pk", flat=True)) if actor.is_limited_to_groups else []
    limited = User.objects.filter(is_limited_to_groups=True).exclude(role=UserRole.ADMINISTRATOR)
    counted = limited.annotate(
        all_groups=Count("scope_groups"), own_groups=Count("scope_groups", filter=Q(scope_groups__in=own))
    )
    within = counted.filter(own_groups__gt=0, all_groups=F("own_groups"))
    return User.objects.filter(pk__in=within.order_by().values("pk"))


def check_manages(actor: User | None, managed: User) -> None:
    """Refuse an act on a user to whoever does not administer that user.

    Raises:
        NotPermitted: the role does not cover it, or the user is beyond the scope of the actor.
    """
    require(actor, "may_manage_users")
    if not users_managed(actor).filter(pk=managed.pk).exists():
        raise NotPermitted(_("You manage the users of your own municipality. An administrator can change this one."))


def check_role(actor: User | None, role: str) -> None:
    """Refuse to give a role that is above that of the actor.

    Raises:
        NotPermitted: it is.
    """
    require(actor, "may_manage_users")
    if role == UserRole.ADMINISTRATOR:
        require(actor, "may_administer")


def has_local_scope(actor: User | None) -> bool:
    """Tell whether those whom somebody adds are limited to the groups of that one."""
    return actor is not None and not actor.may_administer
