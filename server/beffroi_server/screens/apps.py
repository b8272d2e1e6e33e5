"""Django's name for this package."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """Configuration of the screens application."""

    name = "beffroi_server.screens"
    label = "screens"
    default_auto_field = "django.db.models.BigAutoField"
