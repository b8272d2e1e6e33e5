"""Django's name for this package."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    """Configuration of the delivery application."""

    name = "beffroi_server.delivery"
    label = "delivery"
    default_auto_field = "django.db.models.BigAutoField"
