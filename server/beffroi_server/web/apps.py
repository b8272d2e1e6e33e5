"""Django's name for this package."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Configuration of the web application."""

    name = "beffroi_server.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
