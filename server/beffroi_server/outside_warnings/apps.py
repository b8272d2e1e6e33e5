"""Django's application configuration of warnings from outside."""

from functools import partial

from django.apps import AppConfig

from beffroi_server.core.due_times import move_due_times


class OutsideWarningsConfig(AppConfig):
    """Configuration of warnings from outside: alerts know nothing of them."""

    name = "beffroi_server.outside_warnings"
    label = "outside_warnings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keep the intervals of sources where the clock is set."""
        from beffroi_server.delivery.clock_watch import clock_set  # noqa: PLC0415 - models are loaded only now

        clock_set.subscribe(partial(move_due_times, self.get_model("WarningSource")))
