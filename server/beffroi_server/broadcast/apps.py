"""Django's name for this package."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    """Configuration of the broadcast application."""

    name = "beffroi_server.broadcast"
    label = "broadcast"
    default_auto_field = "django.db.models.BigAutoField"
