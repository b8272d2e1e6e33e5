import beffroi_server.outside_warnings.models
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('alerts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='WarningSource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='name')),
                ('kind', models.CharField(choices=[('vigilance', 'Vigilance of Météo-France'), ('rivers', 'Flood warnings of Vigicrues'), ('address', 'An address that is read again and again (CAP, Atom, RSS)'), ('webhook', 'The source sends them (webhook)'), ('mqtt', 'Messages from an MQTT broker')], default='address', max_length=10, verbose_name='how its warnings come')),
                ('address', models.CharField(blank=True, max_length=500, verbose_name='address')),
                ('zones', models.TextField(blank=True, max_length=2000, verbose_name='departments or reaches')),
                ('topic', models.CharField(blank=True, max_length=500, verbose_name='topic filter')),
                ('username', models.CharField(blank=True, max_length=200, verbose_name='user name')),
                ('password', models.CharField(blank=True, max_length=200, verbose_name='password')),
                ('broker_certificates', models.TextField(blank=True, max_length=50000, verbose_name='certificate authority of the broker')),
                ('is_on', models.BooleanField(default=True, verbose_name='in use')),
                ('attribution', models.CharField(blank=True, max_length=120, verbose_name='named on screens as')),
                ('interval_min', models.PositiveSmallIntegerField(default=5, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)], verbose_name='minutes between two readings')),
                ('expected_hours', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(744)], verbose_name='hours of silence before somebody is told')),
                ('is_snapshot', models.BooleanField(default=False, verbose_name='what is no longer in its feed is over')),
                ('certificates', models.TextField(blank=True, max_length=50000, verbose_name='certificates that its signatures are verified by')),
                ('codes', models.TextField(blank=True, max_length=2000, verbose_name='other codes of the town')),
                ('propose_from', models.CharField(choices=[('never', 'never'), ('information', 'information (all of them)'), ('vigilance', 'vigilance (yellow)'), ('alert', 'alert (orange)'), ('emergency', 'emergency (red)')], default='vigilance', max_length=12, verbose_name='ask an officer from')),
                ('broadcast_from', models.CharField(choices=[('never', 'never'), ('information', 'information (all of them)'), ('vigilance', 'vigilance (yellow)'), ('alert', 'alert (orange)'), ('emergency', 'emergency (red)')], default='never', max_length=12, verbose_name='broadcast by itself from')),
                ('events', models.TextField(blank=True, max_length=4000, verbose_name='only these events')),
                ('tests', models.CharField(choices=[('ignore', 'ignore'), ('propose', 'ask an officer'), ('broadcast', 'broadcast, marked as such')], default='ignore', max_length=10, verbose_name='exercises and tests')),
                ('needs_signature', models.BooleanField(default=False, verbose_name='broadcast only what has a verified signature')),
                ('own_policy', models.TextField(blank=True, max_length=100000, verbose_name='policy of your own (JSON)')),
                ('phenomena', models.JSONField(blank=True, default=dict)),
                ('ahead', models.CharField(choices=[('ignore', 'wait until it begins'), ('propose', 'ask an officer'), ('broadcast', 'as what is in force')], default='propose', max_length=10, verbose_name='announced for tomorrow')),
                ('waits_min', models.PositiveSmallIntegerField(default=120, validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(1440)], verbose_name='minutes that an officer has')),
                ('token', models.CharField(default=beffroi_server.outside_warnings.models.new_token, editable=False, max_length=64, unique=True)),
                ('secret_sha256', models.CharField(blank=True, editable=False, max_length=64)),
                ('etag', models.CharField(blank=True, editable=False, max_length=300)),
                ('modified', models.CharField(blank=True, editable=False, max_length=100)),
                ('read_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('due_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('failures', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('failing_since', models.DateTimeField(blank=True, editable=False, null=True)),
                ('problem', models.CharField(blank=True, editable=False, max_length=300)),
                ('chart_made_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('skipped', models.JSONField(blank=True, default=list, editable=False)),
                ('awaited', models.TextField(default='{}', editable=False)),
                ('generation', models.PositiveBigIntegerField(default=0, editable=False)),
                ('fetched', models.JSONField(blank=True, default=list, editable=False)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ReceivedMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=500)),
                ('version', models.CharField(max_length=64)),
                ('message', models.TextField()),
                ('sent_at', models.DateTimeField(null=True)),
                ('received_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
                ('misses', models.PositiveSmallIntegerField(default=0)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_kind', models.CharField(blank=True, max_length=12)),
                ('ended_by', models.CharField(blank=True, max_length=500)),
                ('signature', models.CharField(blank=True, max_length=24)),
                ('title', models.CharField(max_length=300)),
                ('decision', models.CharField(max_length=10)),
                ('reasons', models.JSONField(default=list)),
                ('concerns', models.BooleanField(default=True)),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='outside_warnings.warningsource')),
            ],
            options={
                'ordering': ['-received_at', '-pk'],
                'indexes': [models.Index(fields=['source', 'seen_at'], name='message_seen'), models.Index(condition=models.Q(('concerns', True), ('ended_at__isnull', True)), fields=['source'], name='message_followed')],
            },
        ),
        migrations.CreateModel(
            name='OutsideWarning',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.TextField()),
                ('identifiers', models.JSONField(default=list)),
                ('state', models.CharField(choices=[('waiting', 'waits for an officer'), ('broadcast', 'broadcast'), ('dismissed', 'dismissed'), ('missed', 'nobody decided in time')], default='waiting', max_length=10)),
                ('decision', models.CharField(max_length=10)),
                ('reasons', models.JSONField(default=list)),
                ('values', models.JSONField(default=dict)),
                ('shown_values', models.JSONField(default=dict)),
                ('title', models.CharField(max_length=200)),
                ('level', models.CharField(max_length=20)),
                ('ends_at', models.DateTimeField()),
                ('alert_ends_at', models.DateTimeField(null=True)),
                ('began_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('close_reason', models.CharField(blank=True, max_length=12)),
                ('is_left_on', models.BooleanField(default=False)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('alert', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='warnings', to='alerts.alert')),
                ('proposal', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='warnings', to='alerts.alertproposal')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='warnings', to='outside_warnings.warningsource')),
            ],
            options={
                'ordering': ['-began_at', '-pk'],
                'indexes': [models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['source'], name='warning_open')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('source', 'key'), name='one_open_warning')],
            },
        ),
    ]
