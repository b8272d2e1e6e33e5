"""Django's application configuration of the library."""

from django.apps import AppConfig

from beffroi_server.core.folded_text import register_folding


class LibraryConfig(AppConfig):
    """Configuration of the library application."""

    name = "beffroi_server.library"
    label = "library"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let searches compare texts without case and accents, and Django know the tables of the editorial plan."""
        from beffroi_server.library import media_undo, plan_models  # noqa: PLC0415 - models are loaded only now

        assert plan_models
        register_folding()
        media_undo.register_kind()
