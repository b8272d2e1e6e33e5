"""Django's application configuration of the schedule."""

from __future__ import annotations

from django.apps import AppConfig


class ScheduleConfig(AppConfig):
    """Configuration of the schedule application."""

    name = "beffroi_server.schedule"
    label = "schedule"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the publication listen to changes of content, screens and town."""
        from beffroi_server.delivery.clock_watch import clock_set  # noqa: PLC0415 - models are loaded only now
        from beffroi_server.delivery.key_rotation import keys_changed  # noqa: PLC0415
        from beffroi_server.library.events import announcement_changing  # noqa: PLC0415
        from beffroi_server.schedule import (  # noqa: PLC0415
            announcement_undo,
            charter_models,
            jobs,
            publication,
            publish_permissions,
            schedule_undo,
        )

        assert charter_models  # its tables
        publication.listen_to_changes()
        announcement_changing.subscribe(publish_permissions.check_change)
        announcement_undo.register_kinds()
        schedule_undo.register_kinds()
        clock_set.subscribe(jobs.renew_after_step)
        keys_changed.subscribe(jobs.renew_after_change)
