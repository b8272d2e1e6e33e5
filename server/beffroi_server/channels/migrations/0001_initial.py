import django.core.validators
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('alerts', '0001_initial'),
        ('fleet', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Channel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('kind', models.CharField(choices=[('service', 'a service: SMS, social network, team chat'), ('mail', 'a list of mail addresses'), ('subscribers', 'residents who have subscribed by mail'), ('browsers', 'residents’ browsers that show alerts')], default='service', max_length=12)),
                ('secret', models.CharField(blank=True, max_length=1000)),
                ('recipients', models.TextField(blank=True)),
                ('from_level', models.CharField(choices=[('information', 'Information: joins the loop'), ('vigilance', 'Caution: a banner over the loop'), ('alert', 'Alert: fills the screen, with the loop in between'), ('emergency', 'Emergency: fills the screen')], default='alert', max_length=20, verbose_name='from this level on')),
                ('with_exercises', models.BooleanField(default=False, verbose_name='exercises and tests too')),
                ('max_length', models.PositiveSmallIntegerField(default=480, validators=[django.core.validators.MinValueValidator(100), django.core.validators.MaxValueValidator(5000)], verbose_name='characters of a message at most')),
                ('language', models.CharField(choices=[('fr', 'French'), ('en', 'English')], default='fr', max_length=5, verbose_name='language')),
                ('is_on', models.BooleanField(default=True, verbose_name='on')),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('failed_at', models.DateTimeField(blank=True, null=True)),
                ('delivered_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ChannelTrail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='LeftOutChannels',
            fields=[
                ('token', models.UUIDField(primary_key=True, serialize=False)),
                ('channels', models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name='BrowserSubscriber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('endpoint', models.CharField(max_length=1000, unique=True)),
                ('public_key', models.CharField(max_length=200)),
                ('auth_secret', models.CharField(max_length=100)),
                ('from_level', models.CharField(choices=[('information', 'Information: joins the loop'), ('vigilance', 'Caution: a banner over the loop'), ('alert', 'Alert: fills the screen, with the loop in between'), ('emergency', 'Emergency: fills the screen')], default='alert', max_length=20)),
                ('purpose_version', models.PositiveSmallIntegerField()),
                ('asked_at', models.DateTimeField(db_index=True)),
                ('groups', models.ManyToManyField(blank=True, related_name='+', to='fleet.screengroup')),
            ],
            options={
                'ordering': ['asked_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='ChannelMessage',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('channel_name', models.CharField(max_length=80)),
                ('source', models.CharField(max_length=60)),
                ('act', models.CharField(choices=[('broadcast', 'broadcast'), ('corrected', 'corrected'), ('extended', 'extended'), ('ended', 'ended'), ('withdrawn', 'withdrawn'), ('trial', 'trial')], max_length=10)),
                ('subject', models.CharField(max_length=200)),
                ('text', models.TextField()),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('addressed', models.PositiveIntegerField(default=1)),
                ('reached', models.PositiveIntegerField(default=0)),
                ('done_at', models.DateTimeField(blank=True, db_index=True, null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField()),
                ('alert', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='channel_messages', to='alerts.alert')),
                ('channel', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='messages', to='channels.channel')),
            ],
            options={
                'ordering': ['created_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Subscriber',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('address', models.EmailField(max_length=254, unique=True)),
                ('from_level', models.CharField(choices=[('information', 'Information: joins the loop'), ('vigilance', 'Caution: a banner over the loop'), ('alert', 'Alert: fills the screen, with the loop in between'), ('emergency', 'Emergency: fills the screen')], default='alert', max_length=20)),
                ('language', models.CharField(choices=[('fr', 'French'), ('en', 'English')], default='fr', max_length=5)),
                ('purpose_version', models.PositiveSmallIntegerField()),
                ('asked_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(blank=True, db_index=True, null=True)),
                ('mail_due_at', models.DateTimeField(blank=True, db_index=True, null=True)),
                ('mail_attempts', models.PositiveSmallIntegerField(default=0)),
                ('mailed_at', models.DateTimeField(blank=True, null=True)),
                ('groups', models.ManyToManyField(blank=True, related_name='+', to='fleet.screengroup')),
            ],
            options={
                'ordering': ['asked_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='ChannelMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(blank=True, max_length=254)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('browser', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='channels.browsersubscriber')),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mails', to='channels.channelmessage')),
                ('subscriber', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='channels.subscriber')),
            ],
            options={
                'ordering': ['attempts', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='SubscriptionSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_on', models.BooleanField(default=False, verbose_name='Let residents subscribe to alerts by mail, on the public page')),
                ('browsers_are_on', models.BooleanField(default=False, verbose_name='Let residents have alerts shown by their browser')),
                ('groups', models.ManyToManyField(blank=True, related_name='+', to='fleet.screengroup', verbose_name='places that they can choose')),
            ],
        ),
        migrations.AddConstraint(
            model_name='channelmessage',
            constraint=models.UniqueConstraint(fields=('channel', 'source'), name='one_channel_message_of_event'),
        ),
    ]
