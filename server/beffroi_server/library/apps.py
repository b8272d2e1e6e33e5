"""Django's application configuration of the library."""

from django.apps import AppConfig


class LibraryConfig(AppConfig):
    """Configuration of the library application."""

    name = "beffroi_server.library"
    label = "library"
    default_auto_field = "django.db.models.BigAutoField"
