"""Django configuration of the operators' pages."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Configuration of the package with the operators' pages."""

    name = "beffroi_server.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
