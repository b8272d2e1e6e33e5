"""Django's application configuration of warnings from outside."""

from django.apps import AppConfig


class OutsideWarningsConfig(AppConfig):
    """Configuration of warnings from outside: alerts know nothing of them."""

    name = "beffroi_server.outside_warnings"
    label = "outside_warnings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Keep the intervals of sources where the clock is set."""
        from beffroi_server.delivery.clock_watch import clock_set  # noqa: PLC0415 - models are loaded only now
        from beffroi_server.outside_warnings import polling  # noqa: PLC0415

        clock_set.subscribe(polling.move_due_times)
