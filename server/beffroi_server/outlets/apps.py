"""Django's application configuration of the outlets."""

from django.apps import AppConfig


class OutletsConfig(AppConfig):
    """Configuration of the outlets: they follow the audit trail and incidents, and depend on no event."""

    name = "beffroi_server.outlets"
    label = "outlets"
    default_auto_field = "django.db.models.BigAutoField"
