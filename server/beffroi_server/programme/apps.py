"""Django's name for this package."""

from django.apps import AppConfig


class ProgrammeConfig(AppConfig):
    """Configuration of the programme application."""

    name = "beffroi_server.programme"
    label = "programme"
    default_auto_field = "django.db.models.BigAutoField"
