import beffroi_server.core.languages
import beffroi_server.fleet.outputs
import beffroi_server.fleet.viewports
import datetime
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DailyPlaysMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last_play', models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='PlayedContent',
            fields=[
                ('key', models.CharField(max_length=63, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='RetentionMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('numbers', models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name='Screen',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sound_level', models.CharField(blank=True, choices=[('', 'nothing: the screen is silent'), ('emergency', 'emergencies'), ('alert', 'emergencies and alerts'), ('vigilance', 'emergencies, alerts and cautions')], max_length=10, verbose_name='alerts that are heard')),
                ('sound_volume', models.PositiveSmallIntegerField(default=50, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='volume limit of alerts')),
                ('sound_speech', models.BooleanField(default=True, verbose_name='read the alert aloud after the chime')),
                ('sound_from', models.TimeField(blank=True, default=datetime.time(7, 0), null=True, verbose_name='heard from')),
                ('sound_until', models.TimeField(blank=True, default=datetime.time(22, 0), null=True, verbose_name='heard until')),
                ('sound_at_night', models.BooleanField(default=False, verbose_name='emergencies are heard at any hour')),
                ('slug', models.SlugField(max_length=40, unique=True, verbose_name='identifier')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('place', models.CharField(blank=True, max_length=200, verbose_name='place')),
                ('rotation', models.PositiveSmallIntegerField(choices=[(0, '0°'), (90, '90°'), (180, '180°'), (270, '270°')], default=0, verbose_name='rotation')),
                ('appearance', models.CharField(choices=[('day', 'dark text on light'), ('night', 'light text on dark')], default='day', max_length=5, verbose_name='colours')),
                ('languages', models.JSONField(blank=True, default=list, validators=[beffroi_server.core.languages.validate_languages], verbose_name='languages of announcements')),
                ('transition', models.CharField(choices=[('crossfade', 'fade'), ('push', 'push'), ('wipe', 'wipe'), ('zoom', 'slow zoom'), ('cut', 'none, for slow players')], default='crossfade', max_length=10, verbose_name='transition')),
                ('off_from', models.TimeField(blank=True, null=True, verbose_name='off from')),
                ('off_until', models.TimeField(blank=True, null=True, verbose_name='off until')),
                ('day_hours', models.JSONField(blank=True, default=dict, verbose_name='hours by weekday')),
                ('special_days', models.JSONField(blank=True, default=list, verbose_name='special days')),
                ('switched_off_until', models.DateTimeField(blank=True, null=True, verbose_name='switched off until')),
                ('output', models.CharField(blank=True, max_length=200, validators=[beffroi_server.fleet.outputs.validate_output], verbose_name='output')),
                ('night_brightness', models.PositiveSmallIntegerField(default=100, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='brightness from sunset to sunrise')),
                ('darkest', models.PositiveSmallIntegerField(default=100, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)], verbose_name='brightness in the dark')),
                ('volume', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='volume of videos')),
                ('overscan_percent', models.FloatField(default=0, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(15)], verbose_name='overscan at each edge')),
                ('viewports', models.TextField(blank=True, max_length=4000, validators=[beffroi_server.fleet.viewports.validate_viewports], verbose_name='parts of the image')),
                ('download_limit', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(8), django.core.validators.MaxValueValidator(1000000)], verbose_name='download speed')),
                ('download_from', models.TimeField(blank=True, null=True, verbose_name='downloads from')),
                ('download_until', models.TimeField(blank=True, null=True, verbose_name='downloads until')),
                ('neighbours', models.BooleanField(default=False, verbose_name='share files with screens on the same network')),
                ('idle_after_hours', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(8760)], verbose_name='hours without contact until only the idle slide is shown')),
                ('uncertain_clock', models.CharField(choices=[('believed', 'the programme, by the last known time'), ('undated', 'content without dates or times'), ('idle', 'only the idle slide')], default='believed', max_length=8, verbose_name='while the time is uncertain')),
                ('software', models.CharField(blank=True, max_length=40)),
                ('software_at_once', models.BooleanField(default=False)),
                ('enrolment_code_sha256', models.CharField(blank=True, max_length=64)),
                ('enrolment_expires_at', models.DateTimeField(blank=True, null=True)),
                ('enrolled_at', models.DateTimeField(blank=True, null=True)),
                ('token_sha256', models.CharField(blank=True, db_index=True, max_length=64)),
                ('trigger_key', models.CharField(blank=True, max_length=64)),
                ('programme_due_at', models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True)),
                ('screenshots_asked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ScreenClass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('width', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(16), django.core.validators.MaxValueValidator(7680)], verbose_name='width in pixels')),
                ('height', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(16), django.core.validators.MaxValueValidator(7680)], verbose_name='height in pixels')),
                ('technology', models.CharField(choices=[('lcd', 'LCD or similar'), ('led', 'LED panel')], default='lcd', max_length=3, verbose_name='technology')),
                ('physical_height_mm', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='height in millimetres')),
                ('viewing_distance_mm', models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name='reading distance in millimetres')),
                ('colour_depth', models.PositiveSmallIntegerField(choices=[(1, 'one colour'), (8, 'a few colours'), (24, 'full colour')], default=24, verbose_name='bits per pixel')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ContentDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('times', models.PositiveBigIntegerField(default=0)),
                ('confirmed', models.PositiveBigIntegerField(default=0)),
                ('lasted_ms', models.PositiveBigIntegerField(default=0)),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('content', models.CharField(max_length=63)),
                ('screens', models.BinaryField(default=bytes)),
            ],
            options={
                'indexes': [models.Index(fields=['day', 'content', 'times', 'confirmed', 'lasted_ms', 'first_at', 'last_at'], name='content_day_sums')],
                'constraints': [models.UniqueConstraint(fields=('day', 'content'), name='one_content_day')],
            },
        ),
        migrations.CreateModel(
            name='ScreenState',
            fields=[
                ('screen', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='state', serialize=False, to='fleet.screen')),
                ('online', models.BooleanField(default=False)),
                ('boot', models.CharField(blank=True, max_length=63)),
                ('connection', models.PositiveIntegerField(default=0)),
                ('seen_at', models.DateTimeField(blank=True, null=True)),
                ('polled_at', models.DateTimeField(blank=True, null=True)),
                ('clash_at', models.DateTimeField(blank=True, null=True)),
                ('report_number', models.PositiveBigIntegerField(default=0)),
                ('report_boot', models.CharField(blank=True, max_length=63)),
                ('report_at_ms', models.PositiveBigIntegerField(default=0)),
                ('report', models.JSONField(blank=True, null=True)),
                ('machine', models.JSONField(blank=True, null=True)),
                ('plays_newest', models.PositiveBigIntegerField(default=0)),
                ('plays_missing', models.JSONField(blank=True, default=list)),
                ('plays_forgotten', models.PositiveBigIntegerField(default=0)),
                ('plays_chain', models.CharField(blank=True, max_length=64)),
                ('refused_at', models.DateTimeField(blank=True, null=True)),
                ('refused_reason', models.CharField(blank=True, max_length=20)),
                ('refused_count', models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='RevokedToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_sha256', models.CharField(max_length=64, unique=True)),
                ('enrolled_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField(blank=True, null=True)),
                ('address', models.CharField(blank=True, max_length=45)),
                ('screen', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revoked_tokens', to='fleet.screen')),
            ],
            options={
                'ordering': ['-revoked_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Pairing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('handle', models.CharField(max_length=32, unique=True)),
                ('prefix', models.CharField(max_length=8, unique=True)),
                ('request', models.JSONField()),
                ('offer', models.JSONField()),
                ('channel_key', models.CharField(max_length=64)),
                ('network', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('polled_at', models.DateTimeField()),
                ('typed', models.CharField(blank=True, max_length=5)),
                ('typed_at', models.DateTimeField(blank=True, null=True)),
                ('mistyped', models.PositiveSmallIntegerField(default=0)),
                ('outcome', models.CharField(choices=[('open', 'Open'), ('paired', 'Paired'), ('mistyped', 'Mistyped'), ('forged', 'Forged')], default='open', max_length=8)),
                ('answer', models.TextField(blank=True)),
                ('typed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('screen', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='pairings', to='fleet.screen')),
            ],
        ),
        migrations.CreateModel(
            name='EnrolmentCard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code_sha256', models.CharField(max_length=64, unique=True)),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('used_by', models.CharField(blank=True, max_length=200)),
                ('used_key', models.CharField(blank=True, max_length=64)),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('refused_at', models.DateTimeField(blank=True, null=True)),
                ('refused_by', models.CharField(blank=True, max_length=200)),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('screen', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='enrolment_cards', to='fleet.screen')),
            ],
            options={
                'ordering': ['-made_at', '-pk'],
            },
        ),
        migrations.AddField(
            model_name='screen',
            name='screen_class',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='fleet.screenclass', verbose_name='screen class'),
        ),
        migrations.CreateModel(
            name='ScreenGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40, unique=True, verbose_name='identifier')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('needs_approval', models.BooleanField(default=False, verbose_name='announcements need approval')),
                ('languages', models.JSONField(blank=True, default=list, validators=[beffroi_server.core.languages.validate_languages], verbose_name='languages of announcements')),
                ('scope_users', models.ManyToManyField(blank=True, related_name='scope_groups', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='screen',
            name='groups',
            field=models.ManyToManyField(blank=True, related_name='screens', to='fleet.screengroup', verbose_name='groups'),
        ),
        migrations.CreateModel(
            name='Municipality',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name of the municipality')),
                ('colour', models.CharField(default='#1d4f91', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-f]{6}\\Z')], verbose_name='colour')),
                ('latitude', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(-90), django.core.validators.MaxValueValidator(90)], verbose_name='latitude')),
                ('longitude', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(-180), django.core.validators.MaxValueValidator(180)], verbose_name='longitude')),
                ('insee', models.CharField(blank=True, max_length=5, validators=[django.core.validators.RegexValidator('^\\d[\\dAB]\\d{3}\\Z', 'An INSEE code has five characters, such as 14118.')], verbose_name='INSEE code')),
                ('holiday_region', models.CharField(blank=True, choices=[('', 'as the intercommunality'), ('metropole', 'France, without further days'), ('alsace-moselle', 'Alsace and Moselle'), ('guadeloupe', 'Guadeloupe'), ('guyane', 'Guyane'), ('la-reunion', 'La Réunion'), ('martinique', 'Martinique'), ('mayotte', 'Mayotte'), ('nouvelle-caledonie', 'Nouvelle-Calédonie'), ('polynesie-francaise', 'Polynésie française'), ('saint-barthelemy', 'Saint-Barthélemy'), ('saint-martin', 'Saint-Martin'), ('saint-pierre-et-miquelon', 'Saint-Pierre-et-Miquelon'), ('wallis-et-futuna', 'Wallis-et-Futuna')], max_length=24, verbose_name='public holidays')),
                ('group', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='municipality', to='fleet.screengroup')),
            ],
            options={
                'verbose_name_plural': 'municipalities',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='WalkTest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField()),
                ('shown_until', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('started_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-started_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='WalkStop',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('result', models.CharField(blank=True, choices=[('', 'not visited yet'), ('seen', 'in order'), ('wrong', 'wrong'), ('unseen', 'not seen')], default='', max_length=6)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('noted_at', models.DateTimeField(blank=True, null=True)),
                ('noted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('screen', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='fleet.screen')),
                ('test', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stops', to='fleet.walktest')),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='ReceiptRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stream', models.CharField(max_length=100)),
                ('sequence', models.PositiveBigIntegerField()),
                ('alert', models.CharField(blank=True, max_length=63)),
                ('form', models.CharField(blank=True, max_length=20)),
                ('received_at', models.DateTimeField()),
                ('presented_at', models.DateTimeField()),
                ('latency_ms', models.FloatField()),
                ('frame', models.CharField(max_length=64)),
                ('clock', models.CharField(max_length=20)),
                ('steady_epoch', models.CharField(blank=True, max_length=63)),
                ('steady_ms', models.BigIntegerField(default=0)),
                ('screen', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='receipts', to='fleet.screen')),
            ],
            options={
                'indexes': [models.Index(fields=['alert', 'screen'], name='receipt_of_alert')],
                'constraints': [models.UniqueConstraint(fields=('screen', 'stream', 'sequence', 'alert', 'form'), name='one_receipt')],
            },
        ),
        migrations.CreateModel(
            name='PlayRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveBigIntegerField()),
                ('slide', models.CharField(blank=True, max_length=63)),
                ('alert', models.CharField(blank=True, max_length=63)),
                ('started_at', models.DateTimeField()),
                ('lasted_ms', models.PositiveBigIntegerField()),
                ('frame', models.CharField(blank=True, max_length=64)),
                ('page', models.PositiveIntegerField(default=0)),
                ('zone', models.CharField(blank=True, max_length=63)),
                ('clock', models.CharField(blank=True, max_length=20)),
                ('ended', models.CharField(blank=True, max_length=63)),
                ('chain', models.CharField(blank=True, max_length=64)),
                ('screen', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='plays', to='fleet.screen')),
            ],
            options={
                'indexes': [models.Index(fields=['screen', 'started_at'], name='play_of_day')],
                'constraints': [models.UniqueConstraint(fields=('screen', 'number'), name='one_play')],
            },
        ),
        migrations.CreateModel(
            name='PlayerBox',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('box', models.CharField(max_length=16)),
                ('boot', models.CharField(max_length=63)),
                ('address', models.CharField(blank=True, max_length=45)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('is_barred', models.BooleanField(default=False)),
                ('told_at', models.DateTimeField(blank=True, null=True)),
                ('screen', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='boxes', to='fleet.screen')),
            ],
            options={
                'ordering': ['first_seen_at', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('screen', 'box'), name='one_box_of_screen')],
            },
        ),
        migrations.CreateModel(
            name='DailyPlays',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('content', models.CharField(max_length=63)),
                ('times', models.PositiveIntegerField(default=0)),
                ('confirmed', models.PositiveIntegerField(default=0)),
                ('lasted_ms', models.PositiveBigIntegerField(default=0)),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('screen', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='daily_plays', to='fleet.screen')),
            ],
            options={
                'indexes': [models.Index(fields=['content', 'day', 'screen'], name='plays_of_content'), models.Index(fields=['day'], name='plays_of_day')],
                'constraints': [models.UniqueConstraint(fields=('screen', 'day', 'content'), name='one_daily_plays')],
            },
        ),
        migrations.CreateModel(
            name='ScreenDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('times', models.PositiveBigIntegerField(default=0)),
                ('confirmed', models.PositiveBigIntegerField(default=0)),
                ('lasted_ms', models.PositiveBigIntegerField(default=0)),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('screen', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='play_days', to='fleet.screen')),
            ],
            options={
                'indexes': [models.Index(fields=['day', 'screen', 'times', 'confirmed', 'lasted_ms', 'first_at', 'last_at'], name='screen_day_sums')],
                'constraints': [models.UniqueConstraint(fields=('day', 'screen'), name='one_screen_day')],
            },
        ),
        migrations.AddIndex(
            model_name='screen',
            index=models.Index(condition=models.Q(('programme_due_at__isnull', False)), fields=['programme_due_at'], name='screen_due'),
        ),
        migrations.AddConstraint(
            model_name='walkstop',
            constraint=models.UniqueConstraint(fields=('test', 'screen'), name='one_stop_of_screen'),
        ),
    ]
