"""Django's application configuration of the versions of players."""

from django.apps import AppConfig


class SoftwareConfig(AppConfig):
    """Configuration of the versions of players: nothing below depends on them."""

    name = "beffroi_server.software"
    label = "software"
    default_auto_field = "django.db.models.BigAutoField"
