"""Django's application configuration of the alerts."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Configuration of the alerts application."""

    name = "beffroi_server.alerts"
    label = "alerts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Compare what screens report with the alerts of this database."""
        from beffroi_server.accounts import undo  # noqa: PLC0415
        from beffroi_server.alerts import jobs, plan_services, reported_showings  # noqa: PLC0415 - models exist now
        from beffroi_server.delivery.clock_watch import clock_set  # noqa: PLC0415
        from beffroi_server.delivery.key_rotation import keys_changed  # noqa: PLC0415
        from beffroi_server.fleet.events import reports_received  # noqa: PLC0415

        undo.register_undo(
            plan_services.MOVED, describe=plan_services.describe_move, restore=plan_services.restore_move
        )
        reports_received.subscribe(reported_showings.note_reports)
        clock_set.subscribe(jobs.renew_after_step)
        keys_changed.subscribe(jobs.renew_after_change)
