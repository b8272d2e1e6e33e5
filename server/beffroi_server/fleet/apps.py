"""Django's name for this package."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """Configuration of the fleet application."""

    name = "beffroi_server.fleet"
    label = "fleet"
    default_auto_field = "django.db.models.BigAutoField"
