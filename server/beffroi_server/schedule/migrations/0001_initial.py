import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('feeds', '0001_initial'),
        ('fleet', '0001_initial'),
        ('library', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DayCalendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('country', models.CharField(blank=True, max_length=2)),
                ('days', models.JSONField(default=list)),
            ],
            options={
                'ordering': ['-country', 'name'],
            },
        ),
        migrations.CreateModel(
            name='AnnouncementPlacement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('everywhere', models.BooleanField(default=False, verbose_name='on all screens')),
                ('starts_at', models.DateTimeField(blank=True, null=True, verbose_name='shown from')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='shown until')),
                ('duration_s', models.PositiveIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3600)], verbose_name='seconds')),
                ('taken_off_at', models.DateTimeField(blank=True, null=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('announcement', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='placement', to='library.announcement')),
                ('groups', models.ManyToManyField(blank=True, related_name='placements', to='fleet.screengroup', verbose_name='groups')),
                ('screens', models.ManyToManyField(blank=True, related_name='placements', to='fleet.screen', verbose_name='screens')),
                ('updated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='CharterRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(choices=[('reading-time', 'It must be on long enough to be read'), ('led-pages', 'On LED panels it must not take more pages than'), ('distance', 'Its smallest letters must be readable at the reading distance of the screen'), ('title-length', 'Its title must not be longer than'), ('days', 'It must not stay on the screens longer than'), ('groups', 'It must be published on certain groups only'), ('hours', 'It must be shown between certain hours only'), ('share', 'Its category must not take more of a screen’s announcements than'), ('no-link', 'It must not have a link or a QR code'), ('languages', 'It must be in the language of the town, and in no other or in at least two others'), ('suspended', 'It must not be published')], max_length=20, verbose_name='rule')),
                ('amount', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)], verbose_name='number')),
                ('category', models.CharField(blank=True, max_length=60, verbose_name='category')),
                ('start_time', models.TimeField(blank=True, null=True, verbose_name='from')),
                ('end_time', models.TimeField(blank=True, null=True, verbose_name='to')),
                ('first_date', models.DateField(blank=True, null=True, verbose_name='first day')),
                ('last_date', models.DateField(blank=True, null=True, verbose_name='last day')),
                ('refuses', models.BooleanField(default=False, verbose_name='refuse')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('groups', models.ManyToManyField(blank=True, related_name='+', to='fleet.screengroup', verbose_name='groups')),
            ],
            options={
                'ordering': ['-refuses', 'subject', 'category'],
            },
        ),
        migrations.CreateModel(
            name='DayImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('content', models.BinaryField()),
                ('result', models.JSONField(null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='day_imports', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['created_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Playlist',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('category', models.CharField(blank=True, max_length=60, verbose_name='fill with the category')),
                ('order', models.CharField(choices=[('listed', 'in the listed order'), ('newest', 'newest first'), ('soonest', 'soonest event first'), ('shuffled', 'shuffled')], default='listed', max_length=8, verbose_name='order')),
                ('take', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(500)], verbose_name='slides at a time within another playlist')),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('municipality', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='fleet.municipality', verbose_name='municipality')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='ScheduleRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('everywhere', models.BooleanField(default=False, verbose_name='on all screens')),
                ('priority', models.PositiveSmallIntegerField(default=50, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='priority')),
                ('mode', models.CharField(choices=[('rotate', 'in turn with the others'), ('replace', 'on its own'), ('interject', 'one slide now and then, between the others')], default='rotate', max_length=10, verbose_name='mode')),
                ('weight', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='share')),
                ('cadence', models.CharField(choices=[('every-minutes', 'at least every … minutes'), ('times-an-hour', 'at most … times an hour'), ('seconds-an-hour', '… seconds an hour')], default='every-minutes', max_length=20, verbose_name='how often')),
                ('amount', models.PositiveSmallIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3600)], verbose_name='number')),
                ('first_date', models.DateField(blank=True, null=True, verbose_name='first day')),
                ('last_date', models.DateField(blank=True, null=True, verbose_name='last day')),
                ('weekdays', models.CharField(default='1234567', max_length=7, verbose_name='days of the week')),
                ('rhythm', models.CharField(choices=[('weekly', 'every week'), ('fortnightly', 'every other week, from the first day on'), ('1', 'the first of the month only'), ('2', 'the second of the month only'), ('3', 'the third of the month only'), ('4', 'the fourth of the month only'), ('-1', 'the last of the month only')], default='weekly', max_length=12, verbose_name='weeks')),
                ('extra_dates', models.JSONField(blank=True, default=list)),
                ('except_dates', models.JSONField(blank=True, default=list)),
                ('daypart', models.CharField(blank=True, choices=[('', 'at the hours below'), ('daylight', 'from sunrise to sunset'), ('dark', 'from sunset to sunrise')], default='', max_length=8, verbose_name='time of day')),
                ('start_time', models.TimeField(blank=True, null=True, verbose_name='from')),
                ('end_time', models.TimeField(blank=True, null=True, verbose_name='to')),
                ('more_times', models.JSONField(blank=True, default=list)),
                ('groups', models.ManyToManyField(blank=True, related_name='rules', to='fleet.screengroup', verbose_name='groups')),
                ('never_on', models.ManyToManyField(blank=True, related_name='rules_never_on', to='schedule.daycalendar', verbose_name='not on')),
                ('only_on', models.ManyToManyField(blank=True, related_name='rules_only_on', to='schedule.daycalendar', verbose_name='only on')),
                ('playlist', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='schedule.playlist', verbose_name='playlist')),
                ('screens', models.ManyToManyField(blank=True, related_name='rules', to='fleet.screen', verbose_name='screens')),
            ],
            options={
                'ordering': ['-priority', 'name'],
            },
        ),
        migrations.CreateModel(
            name='LayoutChoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('layout', models.CharField(choices=[('full', 'the loop alone'), ('foot', 'messages at the foot'), ('foot-clock', 'clock and messages at the foot'), ('side', 'clock and weather at the side'), ('frame', 'clock and weather at the side, messages at the foot')], default='full', max_length=12, verbose_name='layout')),
                ('messages', models.TextField(blank=True, max_length=4000, verbose_name='messages')),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('group', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='layout_choice', to='fleet.screengroup')),
                ('news_feed', models.ForeignKey(blank=True, limit_choices_to={'kind': 'news'}, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='news_layouts', to='feeds.feed', verbose_name='news feed')),
                ('screen', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='layout_choice', to='fleet.screen')),
                ('weather_feed', models.ForeignKey(blank=True, limit_choices_to={'kind': 'weather'}, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='weather_layouts', to='feeds.feed', verbose_name='weather')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('screen__isnull', True), ('group__isnull', True), _connector='OR'), name='screen_group_or_town'), models.UniqueConstraint(condition=models.Q(('group__isnull', True), ('screen__isnull', True)), fields=('layout',), name='one_layout_of_town')],
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('duration_s', models.PositiveIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3600)], verbose_name='seconds')),
                ('most_per_hour', models.PositiveSmallIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(3600)], verbose_name='maximum times per hour')),
                ('valid_from', models.DateTimeField(blank=True, null=True, verbose_name='shown from')),
                ('valid_until', models.DateTimeField(blank=True, null=True, verbose_name='shown until')),
                ('announcement', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='library.announcement')),
                ('media', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='library.mediaitem')),
                ('inner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='outer_entries', to='schedule.playlist', verbose_name='playlist')),
                ('playlist', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='schedule.playlist')),
            ],
            options={
                'ordering': ['position', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('announcement__isnull', False), ('inner__isnull', True), ('media__isnull', True)), models.Q(('announcement__isnull', True), ('inner__isnull', True), ('media__isnull', False)), models.Q(('announcement__isnull', True), ('inner__isnull', False), ('media__isnull', True)), _connector='OR'), name='announcement_media_or_playlist')],
            },
        ),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('everywhere', models.BooleanField(default=False)),
                ('starts_at', models.DateTimeField(blank=True, null=True)),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('duration_s', models.PositiveIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3600)])),
                ('state', models.CharField(choices=[('waiting', 'waiting for approval'), ('approved', 'approved'), ('declined', 'declined'), ('withdrawn', 'withdrawn')], default='waiting', max_length=10)),
                ('version', models.PositiveIntegerField(default=0)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('announcement', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='proposals', to='library.announcement')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('groups', models.ManyToManyField(blank=True, related_name='+', to='fleet.screengroup')),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('screens', models.ManyToManyField(blank=True, related_name='+', to='fleet.screen')),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('announcement',), name='one_waiting_proposal')],
            },
        ),
    ]
