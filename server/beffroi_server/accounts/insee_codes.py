"""INSEE codes of French communes."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

validate_insee = RegexValidator(r"^\d[\dAB]\d{3}\Z", _("An INSEE code has five characters, such as 14118."))
