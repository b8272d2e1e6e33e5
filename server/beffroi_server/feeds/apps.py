"""Django's application configuration of the feeds."""

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    """Configuration of the feeds application."""

    name = "beffroi_server.feeds"
    label = "feeds"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keep the intervals of feeds where the clock is set."""
        from beffroi_server.delivery.clock_watch import clock_set  # noqa: PLC0415 - models are loaded only now
        from beffroi_server.feeds import refresh  # noqa: PLC0415

        clock_set.subscribe(refresh.move_due_times)
