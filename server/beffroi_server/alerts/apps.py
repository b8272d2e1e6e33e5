"""Django's application configuration of the alerts."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Configuration of the alerts application."""

    name = "beffroi_server.alerts"
    label = "alerts"
    default_auto_field = "django.db.models.BigAutoField"
