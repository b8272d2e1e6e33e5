"""Django's application configuration of the feeds."""

from functools import partial

from django.apps import AppConfig

from beffroi_server.core.due_times import move_due_times


class FeedsConfig(AppConfig):
    """Configuration of the feeds application."""

    name = "beffroi_server.feeds"
    label = "feeds"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keep the intervals of feeds where the clock is set."""
        from beffroi_server.delivery.clock_watch import clock_set  # noqa: PLC0415 - models are loaded only now

        clock_set.subscribe(partial(move_due_times, self.get_model("Feed")))
