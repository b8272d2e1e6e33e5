"""Django's application configuration of drills."""

from django.apps import AppConfig


class DrillsConfig(AppConfig):
    """Configuration of drills: nothing below depends on them."""

    name = "beffroi_server.drills"
    label = "drills"
    default_auto_field = "django.db.models.BigAutoField"
