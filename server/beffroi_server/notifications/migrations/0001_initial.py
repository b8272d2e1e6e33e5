import datetime
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('fleet', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='NotificationChoice',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='notification_choice', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('ways', models.JSONField(blank=True, default=dict)),
                ('urgent', models.JSONField(blank=True, default=list)),
                ('delivery', models.CharField(choices=[('immediate', 'At once'), ('daily', 'Once a day, all together')], default='immediate', max_length=10, verbose_name='when')),
                ('digest_at', models.TimeField(default=datetime.time(7, 30), verbose_name='daily at')),
                ('quiet_from', models.TimeField(blank=True, null=True, verbose_name='quiet from')),
                ('quiet_until', models.TimeField(blank=True, null=True, verbose_name='quiet until')),
                ('language', models.CharField(blank=True, choices=[('fr', 'French'), ('en', 'English')], max_length=2, verbose_name='language')),
                ('tells_acknowledged', models.BooleanField(default=True, verbose_name='Tell me when a colleague takes care of it')),
                ('tells_recovered', models.BooleanField(default=True, verbose_name='Tell me when it is over')),
                ('webhook_address', models.CharField(blank=True, max_length=500, verbose_name='address')),
                ('webhook_secret', models.CharField(blank=True, max_length=100)),
            ],
        ),
        migrations.CreateModel(
            name='RecordedCondition',
            fields=[
                ('kind', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('failed_since', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=40)),
                ('detail', models.JSONField(blank=True, default=dict)),
            ],
        ),
        migrations.CreateModel(
            name='PushSubscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('endpoint', models.CharField(max_length=1000, unique=True)),
                ('public_key', models.CharField(max_length=200)),
                ('auth_secret', models.CharField(max_length=100)),
                ('browser', models.CharField(blank=True, max_length=120)),
                ('created_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='push_subscriptions', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('occasion', models.CharField(choices=[('screen-silent', 'A screen is silent'), ('screen-wrong', 'A screen does not show what it should'), ('programme', 'A screen has nothing to show, or soon will not'), ('feed-broken', 'A feed cannot be read'), ('disk', 'The server’s disk is nearly full'), ('keys', 'The keys of the town need a person'), ('certificate', 'The certificate of the pages expires soon'), ('backup', 'A backup failed'), ('alert-unseen', 'An alert is not shown on a screen'), ('alert-waits', 'An alert waits for an officer: to be confirmed, extended or ended'), ('drill', 'A silent drill failed on a screen'), ('software', 'A new version of the player failed on a screen'), ('server-finding', 'The server has found a fault in itself'), ('warning-source', 'Warnings of an authority are not received')], max_length=20)),
                ('subject', models.CharField(max_length=100)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('reason', models.CharField(blank=True, max_length=40)),
                ('detail', models.JSONField(blank=True, default=dict)),
                ('began_at', models.DateTimeField()),
                ('noticed_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('announced_at', models.DateTimeField(blank=True, null=True)),
                ('right_since', models.DateTimeField(blank=True, null=True)),
                ('right_s', models.PositiveIntegerField(default=0)),
                ('interruptions', models.PositiveIntegerField(default=0)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True)),
                ('acknowledged_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('screen', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='incidents', to='fleet.screen')),
            ],
            options={
                'ordering': ['-began_at', '-pk'],
                'indexes': [models.Index(fields=['screen', '-began_at'], name='incident_of_screen'), models.Index(fields=['ended_at'], name='incident_ended')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('occasion', 'subject'), name='one_open_incident')],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('identifier', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('way', models.CharField(choices=[('mail', 'Mail'), ('webhook', 'Webhook'), ('push', 'This browser and others of mine')], max_length=10)),
                ('kind', models.CharField(choices=[('opened', 'new'), ('acknowledged', 'taken care of'), ('recovered', 'over'), ('test', 'test')], max_length=15)),
                ('incidents', models.JSONField(default=list)),
                ('is_urgent', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('attempted_at', models.DateTimeField(blank=True, null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at', '-pk'],
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['way', 'due_at'], name='notice_due')],
            },
        ),
    ]
