"""Django's application configuration of the public pages."""

from django.apps import AppConfig


class PublicConfig(AppConfig):
    """Configuration of the public pages' application."""

    name = "beffroi_server.public"
    label = "public"
