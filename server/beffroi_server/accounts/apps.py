"""Configuration of the Django application."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The accounts application."""

    name = "beffroi_server.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have sign-ins noted, and the last administrator kept."""
        from beffroi_server.accounts import signal_receivers  # noqa: PLC0415 - models are loaded only now

        signal_receivers.connect_receivers()
