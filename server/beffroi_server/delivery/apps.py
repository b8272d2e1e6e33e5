"""Configuration of the Django application."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    """The delivery application."""

    name = "beffroi_server.delivery"
    label = "delivery"
    default_auto_field = "django.db.models.BigAutoField"
