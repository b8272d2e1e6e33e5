"""Django's application configuration of the feeds."""

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    """Configuration of the feeds application."""

    name = "beffroi_server.feeds"
    label = "feeds"
    default_auto_field = "django.db.models.BigAutoField"
