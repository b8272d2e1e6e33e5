import datetime
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
            name='DrillSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('nightly_at', models.TimeField(blank=True, default=datetime.time(3, 30), null=True, verbose_name='every night at')),
                ('mails_each', models.BooleanField(default=False, verbose_name='mail the report of each drill, not only of those that failed')),
            ],
        ),
        migrations.CreateModel(
            name='Drill',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=200)),
                ('alert', models.JSONField()),
                ('started_at', models.DateTimeField()),
                ('repeated_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('mailed_at', models.DateTimeField(blank=True, null=True)),
                ('started_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-started_at'],
            },
        ),
        migrations.CreateModel(
            name='DrillResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('waiting', 'no answer yet'), ('right', 'drawn, identical to the pixel'), ('differs', 'drawn, but with other pixels than the server'), ('not-drawn', 'could not draw it'), ('no-answer', 'connected, but did not answer'), ('too-old', 'its player is too old for drills'), ('offline', 'not connected')], default='waiting', max_length=10)),
                ('asked_at', models.DateTimeField()),
                ('travel_ms', models.PositiveIntegerField(blank=True, null=True)),
                ('drawing_ms', models.FloatField(blank=True, null=True)),
                ('detail', models.CharField(blank=True, max_length=300)),
                ('drill', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='results', to='drills.drill')),
                ('screen', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='fleet.screen')),
            ],
        ),
        migrations.AddIndex(
            model_name='drill',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['started_at'], name='drill_open'),
        ),
        migrations.AddConstraint(
            model_name='drillresult',
            constraint=models.UniqueConstraint(fields=('drill', 'screen'), name='one_result_of_screen'),
        ),
    ]
