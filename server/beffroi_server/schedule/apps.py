"""Django's name for this package."""

from django.apps import AppConfig


class ScheduleConfig(AppConfig):
    """Configuration of the schedule application."""

    name = "beffroi_server.schedule"
    label = "schedule"
    default_auto_field = "django.db.models.BigAutoField"
