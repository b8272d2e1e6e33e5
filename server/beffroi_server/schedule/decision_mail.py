"""Mail to whoever made a proposal: what was decided."""

from __future__ import annotations

from django.utils.translation import gettext as _

from beffroi_server.accounts import account_mail
from beffroi_server.core import mail
from beffroi_server.schedule.models import Proposal, ProposalState


def mail_decision(proposal: Proposal) -> None:
    """Tell whoever made a proposal what was decided, where there is an address and a mail server."""
    user, town = proposal.proposed_by, account_mail.town_name()
    if user is None or not user.email or not mail.is_configured():
        return
    values = {"name": proposal.announcement.title, "town": town, "reason": proposal.reason}
    if proposal.state == ProposalState.APPROVED:
        text = _("Your announcement “%(name)s” was approved, and is shown on the screens of %(town)s as you proposed.")
    else:
        text = _("Your announcement “%(name)s” was declined:\n\n%(reason)s\n\nYou can change it and propose it again.")
    subject = _("%(town)s: your announcement “%(name)s”") % values
    account_mail.send_later(lambda: mail.send_mail(user.email, subject, text % values, sender_name=town))
