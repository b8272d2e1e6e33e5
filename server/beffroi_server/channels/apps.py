"""Django's application configuration of the channels."""

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    """Configuration of the channels: they follow the audit trail, and depend on no event."""

    name = "beffroi_server.channels"
    label = "channels"
    default_auto_field = "django.db.models.BigAutoField"
