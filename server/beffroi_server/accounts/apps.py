"""Configuration of the Django application."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The accounts application."""

    name = "beffroi_server.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
