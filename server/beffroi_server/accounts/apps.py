"""Django's name for this package."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Configuration of the accounts application."""

    name = "beffroi_server.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
