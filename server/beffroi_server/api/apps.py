"""Django's application configuration of the REST API."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Configuration of the API's application."""

    name = "beffroi_server.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"
