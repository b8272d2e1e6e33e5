import beffroi_server.alerts.models
import beffroi_server.alerts.translations
import beffroi_server.core.visible_text
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
            name='Alert',
            fields=[
                ('level', models.CharField(choices=[('information', 'Information: joins the loop'), ('vigilance', 'Caution: a banner over the loop'), ('alert', 'Alert: fills the screen, with the loop in between'), ('emergency', 'Emergency: fills the screen')], default='emergency', max_length=20, verbose_name='level')),
                ('hazard', models.CharField(choices=beffroi_server.alerts.models.hazard_choices, default='general', max_length=20, verbose_name='pictogram')),
                ('title', models.CharField(max_length=200, validators=[beffroi_server.core.visible_text.validate_visible], verbose_name='title')),
                ('description', models.TextField(blank=True, max_length=5000, verbose_name='what is happening, and where')),
                ('instruction', models.TextField(blank=True, max_length=5000, verbose_name='what to do')),
                ('short_text', models.CharField(blank=True, help_text='For small panels, which cannot hold the whole. Without it, they show the first instruction.', max_length=80, verbose_name='what to do, in a few words')),
                ('phone', models.CharField(blank=True, help_text='On every page, for what does not fit.', max_length=40, verbose_name='number for the rest')),
                ('link', models.URLField(blank=True, help_text='Becomes a QR code on large screens.', verbose_name='address for the rest')),
                ('source', models.CharField(max_length=120, verbose_name='issued by')),
                ('translations', models.JSONField(blank=True, default=list, validators=[beffroi_server.alerts.translations.validate_translations], verbose_name='translations')),
                ('everywhere', models.BooleanField(default=True, verbose_name='on all screens')),
                ('all_clear_s', models.PositiveIntegerField(default=300, validators=[django.core.validators.MaxValueValidator(86400)], verbose_name='seconds of “end of alert”')),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('token', models.UUIDField(blank=True, editable=False, null=True, unique=True)),
                ('status', models.CharField(choices=[('actual', 'Actual'), ('exercise', 'Exercise'), ('test', 'Test')], default='actual', max_length=10, verbose_name='status')),
                ('issued_at', models.DateTimeField(verbose_name='issued')),
                ('pressed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('ends_at', models.DateTimeField(verbose_name='ends')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('clock_epoch', models.CharField(blank=True, editable=False, max_length=16)),
                ('clock_offset_ms', models.BigIntegerField(default=0, editable=False)),
                ('settled', models.BooleanField(default=False)),
                ('held_back_at', models.DateTimeField(blank=True, null=True)),
                ('found_at', models.DateTimeField(blank=True, null=True)),
                ('replaced_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('is_open_ended', models.BooleanField(default=False, verbose_name='until somebody ends it')),
                ('review_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('alone_reason', models.CharField(blank=True, editable=False, max_length=300)),
                ('confirmed_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('corrects', models.OneToOneField(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='correction', to='alerts.alert')),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('groups', models.ManyToManyField(blank=True, related_name='+', to='fleet.screengroup', verbose_name='groups')),
                ('issued_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('screens', models.ManyToManyField(blank=True, related_name='+', to='fleet.screen', verbose_name='screens')),
            ],
            options={
                'ordering': ['-issued_at'],
            },
        ),
        migrations.CreateModel(
            name='OnCallException',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['starts_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='OnCallMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='on_call_turn', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='PlannedAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.CharField(choices=[('information', 'Information: joins the loop'), ('vigilance', 'Caution: a banner over the loop'), ('alert', 'Alert: fills the screen, with the loop in between'), ('emergency', 'Emergency: fills the screen')], default='emergency', max_length=20, verbose_name='level')),
                ('hazard', models.CharField(choices=beffroi_server.alerts.models.hazard_choices, default='general', max_length=20, verbose_name='pictogram')),
                ('title', models.CharField(max_length=200, validators=[beffroi_server.core.visible_text.validate_visible], verbose_name='title')),
                ('description', models.TextField(blank=True, max_length=5000, verbose_name='what is happening, and where')),
                ('instruction', models.TextField(blank=True, max_length=5000, verbose_name='what to do')),
                ('short_text', models.CharField(blank=True, help_text='For small panels, which cannot hold the whole. Without it, they show the first instruction.', max_length=80, verbose_name='what to do, in a few words')),
                ('phone', models.CharField(blank=True, help_text='On every page, for what does not fit.', max_length=40, verbose_name='number for the rest')),
                ('link', models.URLField(blank=True, help_text='Becomes a QR code on large screens.', verbose_name='address for the rest')),
                ('source', models.CharField(max_length=120, verbose_name='issued by')),
                ('translations', models.JSONField(blank=True, default=list, validators=[beffroi_server.alerts.translations.validate_translations], verbose_name='translations')),
                ('everywhere', models.BooleanField(default=True, verbose_name='on all screens')),
                ('all_clear_s', models.PositiveIntegerField(default=300, validators=[django.core.validators.MaxValueValidator(86400)], verbose_name='seconds of “end of alert”')),
                ('token', models.UUIDField(blank=True, editable=False, null=True, unique=True)),
                ('status', models.CharField(choices=[('actual', 'Actual'), ('exercise', 'Exercise'), ('test', 'Test')], default='actual', max_length=10, verbose_name='type of alert')),
                ('starts_on', models.DateField(verbose_name='first day')),
                ('starts_time', models.TimeField(verbose_name='begins at')),
                ('duration_min', models.PositiveIntegerField(default=60, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(44640)], verbose_name='minutes')),
                ('recurrence', models.CharField(blank=True, max_length=200, verbose_name='repeats')),
                ('reminder_min', models.PositiveIntegerField(default=60, validators=[django.core.validators.MaxValueValidator(10080)], verbose_name='reminder, minutes before')),
                ('next_day', models.DateField(editable=False, null=True)),
                ('next_at', models.DateTimeField(db_index=True, editable=False, null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('groups', models.ManyToManyField(blank=True, related_name='+', to='fleet.screengroup', verbose_name='groups')),
                ('screens', models.ManyToManyField(blank=True, related_name='+', to='fleet.screen', verbose_name='screens')),
            ],
            options={
                'ordering': ['next_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Restoration',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('noticed_at', models.DateTimeField()),
                ('source', models.CharField(max_length=20)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-noticed_at'],
            },
        ),
        migrations.CreateModel(
            name='Scenario',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.CharField(choices=[('information', 'Information: joins the loop'), ('vigilance', 'Caution: a banner over the loop'), ('alert', 'Alert: fills the screen, with the loop in between'), ('emergency', 'Emergency: fills the screen')], default='emergency', max_length=20, verbose_name='level')),
                ('hazard', models.CharField(choices=beffroi_server.alerts.models.hazard_choices, default='general', max_length=20, verbose_name='pictogram')),
                ('title', models.CharField(max_length=200, validators=[beffroi_server.core.visible_text.validate_visible], verbose_name='title')),
                ('description', models.TextField(blank=True, max_length=5000, verbose_name='what is happening, and where')),
                ('instruction', models.TextField(blank=True, max_length=5000, verbose_name='what to do')),
                ('short_text', models.CharField(blank=True, help_text='For small panels, which cannot hold the whole. Without it, they show the first instruction.', max_length=80, verbose_name='what to do, in a few words')),
                ('phone', models.CharField(blank=True, help_text='On every page, for what does not fit.', max_length=40, verbose_name='number for the rest')),
                ('link', models.URLField(blank=True, help_text='Becomes a QR code on large screens.', verbose_name='address for the rest')),
                ('source', models.CharField(max_length=120, verbose_name='issued by')),
                ('translations', models.JSONField(blank=True, default=list, validators=[beffroi_server.alerts.translations.validate_translations], verbose_name='translations')),
                ('everywhere', models.BooleanField(default=True, verbose_name='on all screens')),
                ('all_clear_s', models.PositiveIntegerField(default=300, validators=[django.core.validators.MaxValueValidator(86400)], verbose_name='seconds of “end of alert”')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('duration_min', models.PositiveIntegerField(default=60, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)], verbose_name='minutes')),
                ('local_minutes', models.PositiveSmallIntegerField(blank=True, help_text='For when the server is out of reach: the screens hold the alert ahead, signed, and a technician or a keyed switch can show it. Empty: never.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)], verbose_name='on the spot, for minutes at most')),
                ('is_draft', models.BooleanField(default=False, verbose_name='draft')),
                ('groups', models.ManyToManyField(blank=True, related_name='+', to='fleet.screengroup', verbose_name='groups')),
                ('local_triggers', models.ManyToManyField(blank=True, help_text='The other screens of the same network follow, as far as the alert is meant for them.', related_name='triggered_scenarios', to='fleet.screen', verbose_name='where it can be triggered')),
                ('screens', models.ManyToManyField(blank=True, related_name='+', to='fleet.screen', verbose_name='screens')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='AlertProposal',
            fields=[
                ('level', models.CharField(choices=[('information', 'Information: joins the loop'), ('vigilance', 'Caution: a banner over the loop'), ('alert', 'Alert: fills the screen, with the loop in between'), ('emergency', 'Emergency: fills the screen')], default='emergency', max_length=20, verbose_name='level')),
                ('hazard', models.CharField(choices=beffroi_server.alerts.models.hazard_choices, default='general', max_length=20, verbose_name='pictogram')),
                ('title', models.CharField(max_length=200, validators=[beffroi_server.core.visible_text.validate_visible], verbose_name='title')),
                ('description', models.TextField(blank=True, max_length=5000, verbose_name='what is happening, and where')),
                ('instruction', models.TextField(blank=True, max_length=5000, verbose_name='what to do')),
                ('short_text', models.CharField(blank=True, help_text='For small panels, which cannot hold the whole. Without it, they show the first instruction.', max_length=80, verbose_name='what to do, in a few words')),
                ('phone', models.CharField(blank=True, help_text='On every page, for what does not fit.', max_length=40, verbose_name='number for the rest')),
                ('link', models.URLField(blank=True, help_text='Becomes a QR code on large screens.', verbose_name='address for the rest')),
                ('source', models.CharField(max_length=120, verbose_name='issued by')),
                ('translations', models.JSONField(blank=True, default=list, validators=[beffroi_server.alerts.translations.validate_translations], verbose_name='translations')),
                ('everywhere', models.BooleanField(default=True, verbose_name='on all screens')),
                ('all_clear_s', models.PositiveIntegerField(default=300, validators=[django.core.validators.MaxValueValidator(86400)], verbose_name='seconds of “end of alert”')),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('token', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('origin', models.CharField(choices=[('officer', 'an officer'), ('warning', 'an official warning')], default='officer', max_length=10)),
                ('status', models.CharField(choices=[('actual', 'Actual'), ('exercise', 'Exercise'), ('test', 'Test')], default='actual', max_length=10)),
                ('duration_min', models.PositiveIntegerField(blank=True, null=True)),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('is_open_ended', models.BooleanField(default=False)),
                ('proposed_at', models.DateTimeField()),
                ('deadline_at', models.DateTimeField()),
                ('decision', models.CharField(blank=True, choices=[('confirmed', 'confirmed'), ('declined', 'declined'), ('alone', 'broadcast without a second officer'), ('over', 'no longer needed: its source has changed or ended it')], max_length=10)),
                ('decided_at', models.DateTimeField(null=True)),
                ('alert', models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='proposal', to='alerts.alert')),
                ('corrects', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='alerts.alert')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('groups', models.ManyToManyField(blank=True, related_name='+', to='fleet.screengroup', verbose_name='groups')),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('screens', models.ManyToManyField(blank=True, related_name='+', to='fleet.screen', verbose_name='screens')),
                ('scenario', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='alerts.scenario')),
            ],
            options={
                'ordering': ['-proposed_at'],
            },
        ),
        migrations.AddField(
            model_name='alert',
            name='scenario',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='alerts.scenario'),
        ),
        migrations.CreateModel(
            name='SentAlertSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('topic', models.CharField(max_length=200)),
                ('sequence', models.PositiveBigIntegerField()),
                ('payload', models.BinaryField()),
                ('sent_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['topic', 'sent_at'], name='set_of_time')],
                'constraints': [models.UniqueConstraint(fields=('topic', 'sequence'), name='one_set_of_sequence')],
            },
        ),
        migrations.CreateModel(
            name='TriggerContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(8)], verbose_name='number of the contact')),
                ('chip', models.CharField(default='gpiochip0', max_length=32, validators=[django.core.validators.RegexValidator('^[a-z0-9-]{1,32}$')], verbose_name='GPIO chip')),
                ('line', models.PositiveSmallIntegerField(help_text='On a Raspberry Pi the number of the GPIO.', validators=[django.core.validators.MaxValueValidator(1023)], verbose_name='line')),
                ('is_active_low', models.BooleanField(default=True, verbose_name='closing it connects the line to ground')),
                ('hold_ms', models.PositiveIntegerField(default=100, help_text='For so long it must be closed, or open, before that counts.', validators=[django.core.validators.MinValueValidator(20), django.core.validators.MaxValueValidator(60000)], verbose_name='hold time, in milliseconds')),
                ('lasts', models.CharField(choices=[('closed', 'while the contact is closed'), ('ended', 'until somebody ends it')], default='closed', max_length=10, verbose_name='the alert is on')),
                ('scenario', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='alerts.scenario', verbose_name='scenario')),
                ('screen', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contacts', to='fleet.screen')),
            ],
            options={
                'ordering': ['screen', 'number'],
            },
        ),
        migrations.CreateModel(
            name='TriggeredAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('screen_name', models.CharField(max_length=80)),
                ('kind', models.CharField(max_length=20)),
                ('who', models.CharField(blank=True, max_length=200)),
                ('at', models.DateTimeField()),
                ('is_clock_trusted', models.BooleanField()),
                ('reported_at', models.DateTimeField()),
                ('ended_kind', models.CharField(blank=True, max_length=20)),
                ('ended_who', models.CharField(blank=True, max_length=200)),
                ('ended_at', models.DateTimeField(null=True)),
                ('statement', models.JSONField()),
                ('public_key', models.CharField(max_length=64)),
                ('alert', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='triggered', to='alerts.alert')),
                ('screen', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='fleet.screen')),
            ],
        ),
        migrations.CreateModel(
            name='UnknownShowing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('alert', models.CharField(max_length=63)),
                ('streams', models.JSONField(default=dict)),
                ('seen_at', models.DateTimeField()),
                ('screen', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='fleet.screen')),
            ],
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(condition=models.Q(('settled', False)), fields=['ends_at'], name='alert_open'),
        ),
        migrations.AddConstraint(
            model_name='triggercontact',
            constraint=models.UniqueConstraint(fields=('screen', 'number'), name='one_contact_of_number'),
        ),
        migrations.AddConstraint(
            model_name='triggercontact',
            constraint=models.UniqueConstraint(fields=('screen', 'chip', 'line'), name='one_contact_of_line'),
        ),
        migrations.AddConstraint(
            model_name='unknownshowing',
            constraint=models.UniqueConstraint(fields=('screen', 'alert'), name='one_unknown_showing'),
        ),
    ]
