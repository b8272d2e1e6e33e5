"""Configuration of the Django application."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """The notifications application: it watches what the packages below it know, and depends on no event of theirs."""

    name = "beffroi_server.notifications"
    label = "notifications"
    default_auto_field = "django.db.models.BigAutoField"
