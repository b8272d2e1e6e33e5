import beffroi_server.core.languages
import django.contrib.auth.models
import django.contrib.auth.validators
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Town',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('site', models.SlugField(max_length=40, unique=True, verbose_name='identifier')),
                ('name', models.CharField(max_length=100, verbose_name='name of the town')),
                ('colour', models.CharField(default='#1d4f91', max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-f]{6}\\Z')], verbose_name='colour')),
                ('time_zone', models.CharField(default='Europe/Paris', max_length=60, verbose_name='time zone')),
                ('locale', models.CharField(default='fr', max_length=2, verbose_name='language of the screens')),
                ('languages', models.JSONField(blank=True, default=list, validators=[beffroi_server.core.languages.validate_languages], verbose_name='languages of announcements')),
                ('latitude', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(-90), django.core.validators.MaxValueValidator(90)], verbose_name='latitude')),
                ('longitude', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(-180), django.core.validators.MaxValueValidator(180)], verbose_name='longitude')),
                ('insee', models.CharField(blank=True, max_length=5, validators=[django.core.validators.RegexValidator('^\\d[\\dAB]\\d{3}\\Z', 'An INSEE code has five characters, such as 14118.')], verbose_name='INSEE code')),
                ('holiday_region', models.CharField(blank=True, choices=[('', 'by the time zone'), ('metropole', 'France, without further days'), ('alsace-moselle', 'Alsace and Moselle'), ('guadeloupe', 'Guadeloupe'), ('guyane', 'Guyane'), ('la-reunion', 'La Réunion'), ('martinique', 'Martinique'), ('mayotte', 'Mayotte'), ('nouvelle-caledonie', 'Nouvelle-Calédonie'), ('polynesie-francaise', 'Polynésie française'), ('saint-barthelemy', 'Saint-Barthélemy'), ('saint-martin', 'Saint-Martin'), ('saint-pierre-et-miquelon', 'Saint-Pierre-et-Miquelon'), ('wallis-et-futuna', 'Wallis-et-Futuna')], default='', max_length=24, verbose_name='public holidays')),
                ('plays_months', models.PositiveSmallIntegerField(default=25, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(120)], verbose_name='months of proof of play to keep')),
                ('is_try_out', models.BooleanField(default=False, verbose_name='try-out')),
                ('first_steps_hidden_at', models.DateTimeField(blank=True, null=True)),
                ('silent_minutes', models.PositiveSmallIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)], verbose_name='minutes of silence until people are told')),
                ('unseen_seconds', models.PositiveSmallIntegerField(default=60, validators=[django.core.validators.MinValueValidator(10), django.core.validators.MaxValueValidator(3600)], verbose_name='seconds until people are told of an alert that a screen does not show')),
                ('outages_months', models.PositiveSmallIntegerField(default=25, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(120)], verbose_name='months of outages to keep')),
                ('alert_sets_months', models.PositiveSmallIntegerField(default=61, validators=[django.core.validators.MinValueValidator(2), django.core.validators.MaxValueValidator(600)], verbose_name='months of signed alerts to keep')),
                ('dark_after_hours', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(24), django.core.validators.MaxValueValidator(8760)], verbose_name='hours without contact until a player shows nothing of the town')),
                ('second_officer_levels', models.JSONField(blank=True, default=list)),
                ('second_factor_since', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('role', models.CharField(choices=[('viewer', 'Viewer: sees screens and alerts, changes nothing'), ('contributor', 'Contributor: writes announcements and proposes them'), ('editor', 'Editor: announcements, playlists, schedule'), ('publisher', 'Publisher: what an editor can do, and approves what others propose'), ('officer', 'Officer on call: alerts, and everything an editor can do'), ('technician', 'Technician: screens'), ('local-administrator', 'Local administrator: everything in some groups, and their users'), ('administrator', 'Administrator: everything')], default='editor', max_length=20, verbose_name='role')),
                ('is_limited_to_groups', models.BooleanField(default=False)),
                ('is_limited_to_categories', models.BooleanField(default=False)),
                ('announcement_quota', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='announcements at a time')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('scopes', models.JSONField(default=list)),
                ('secret_sha256', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('actor', models.CharField(max_length=150)),
                ('action', models.SlugField(max_length=60)),
                ('subject', models.CharField(max_length=200)),
                ('detail', models.JSONField(default=dict)),
                ('previous_hash', models.CharField(max_length=64)),
                ('hash', models.CharField(max_length=64, unique=True)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['actor'], name='event_actor'), models.Index(fields=['at'], name='event_at')],
            },
        ),
        migrations.CreateModel(
            name='SignInLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_sha256', models.CharField(max_length=64, unique=True)),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('kind', models.CharField(choices=[('link', 'link'), ('invitation', 'invitation'), ('reset', 'reset'), ('sealed', 'sealed'), ('rescue', 'rescue')], default='link', max_length=10)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='UndoEntry',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.SlugField(max_length=40)),
                ('subject', models.CharField(max_length=200)),
                ('count', models.PositiveIntegerField(default=1)),
                ('data', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('undone_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='undo_entries', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='UsedCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20)),
                ('used_at', models.DateTimeField(db_index=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'code'), name='code_used_once')],
            },
        ),
    ]
