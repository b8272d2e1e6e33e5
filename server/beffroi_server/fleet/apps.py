"""Configuration of the Django application."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """The fleet application; it tells the delivery package which devices exist and stores their messages."""

    name = "beffroi_server.fleet"
    label = "fleet"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the devices with the broker, and the handler of their messages with the inbound queue."""
        from beffroi_server.delivery import broker_access, inbound_queue, refused_messages  # noqa: PLC0415 - models exist from here on
        from beffroi_server.fleet import inbound_messages  # noqa: PLC0415
        from beffroi_server.fleet.device_credentials import EnrolledDevices  # noqa: PLC0415

        broker_access.register_devices(EnrolledDevices())
        inbound_queue.register_handler(inbound_messages.HANDLED_MESSAGES, inbound_messages.prepare_messages)
        refused_messages.register_refusal_handler(inbound_messages.store_refusals)
