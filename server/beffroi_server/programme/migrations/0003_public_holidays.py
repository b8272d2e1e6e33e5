from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def add(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("programme", "DayCalendar").objects.get_or_create(country="FR", defaults={"name": "Jours fériés"})


class Migration(migrations.Migration):
    """The public holidays of France, which need no import."""

    dependencies = [("programme", "0002_timeline")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
