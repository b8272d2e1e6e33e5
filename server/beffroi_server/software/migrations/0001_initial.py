import django.core.validators
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('fleet', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Rollout',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('version', models.CharField(max_length=40, verbose_name='version')),
                ('at_once', models.BooleanField(default=False, verbose_name='also by day')),
                ('hold_hours', models.PositiveSmallIntegerField(default=24, validators=[django.core.validators.MaxValueValidator(336)], verbose_name='hours between two steps')),
                ('state', models.CharField(choices=[('running', 'under way'), ('paused', 'paused'), ('done', 'finished'), ('ended', 'ended before all screens had it')], default='running', max_length=8)),
                ('step', models.PositiveSmallIntegerField(choices=[(0, 'first screens'), (1, 'one screen in ten'), (2, 'all screens')], default=0)),
                ('held_since', models.DateTimeField(blank=True, null=True)),
                ('has_failed', models.BooleanField(default=False)),
                ('passed_over', models.JSONField(blank=True, default=list)),
                ('started_at', models.DateTimeField()),
                ('first_group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='fleet.screengroup', verbose_name='first screens')),
                ('started_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-started_at'],
            },
        ),
    ]
