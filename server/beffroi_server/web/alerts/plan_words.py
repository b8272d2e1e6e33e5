"""How often a planned alert begins, in words."""

from __future__ import annotations

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.alerts.models import PlannedAlert
from beffroi_server.alerts.planned_alerts import repeat_rules
from beffroi_server.core import formatting

DELAYS: tuple[tuple[int, str | Promise], ...] = (
    (60, gettext_lazy("+ 1 h")), (1_440, gettext_lazy("+ 1 day")), (10_080, gettext_lazy("+ 1 week")),
)  # fmt: skip
"""Minutes by which one press postpones an occurrence."""
_OF_MONTH = {
    1: gettext_lazy("The first %(weekday)s of each month"),
    2: gettext_lazy("The second %(weekday)s of each month"),
    3: gettext_lazy("The third %(weekday)s of each month"),
    4: gettext_lazy("The fourth %(weekday)s of each month"),
    5: gettext_lazy("The last %(weekday)s of each month"),
}


def repeat_words(plan: PlannedAlert) -> str:
    """Return how often a plan repeats: “The first Wednesday of each month”; an unusual rule as it is written."""
    day = plan.starts_on
    name = {rule: name for name, rule in repeat_rules(day).items()}.get(plan.recurrence)
    values = {
        "weekday": formats.date_format(day, "l"),
        "day": formatting.day_number(day),
        "month": formats.date_format(day, "F"),
    }
    said: dict[str | None, str | Promise] = {
        "once": _("Once"), "daily": _("Every day"), "weekly": _("Each %(weekday)s"),
        "monthly-weekday": _OF_MONTH[(day.day - 1) // 7 + 1], "monthly": _("On day %(day)s of each month"),
        "yearly": _("Every year on %(day)s %(month)s"),
    }  # fmt: skip
    return str(said[name]) % values if name in said else plan.recurrence
