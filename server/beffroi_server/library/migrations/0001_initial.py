import beffroi_server.core.folded_text
import beffroi_server.core.languages
import beffroi_server.core.visible_text
import beffroi_server.library.template_choices
import beffroi_server.library.translations
import django.core.validators
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('feeds', '0001_initial'),
        ('fleet', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Asset',
            fields=[
                ('sha256', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('size', models.PositiveBigIntegerField()),
                ('media_type', models.CharField(max_length=80)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('unused_since', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='DeletedItem',
            fields=[
                ('source', models.CharField(max_length=63, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200)),
                ('deleted_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='PublicSettings',
            fields=[
                ('town', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='public_settings', serialize=False, to='accounts.town')),
                ('is_on', models.BooleanField(default=False, verbose_name='Publish a page of what is on the screens')),
                ('past_days', models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MaxValueValidator(366)], verbose_name='days for which past announcements stay there')),
                ('introduction', models.TextField(blank=True, max_length=1000, verbose_name='introduction')),
                ('framed_by', models.TextField(blank=True, max_length=1000, verbose_name='websites that may embed it')),
            ],
        ),
        migrations.CreateModel(
            name='Tag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40, verbose_name='name')),
                ('folded_name', beffroi_server.core.folded_text.FoldedField(blank=True, default='', editable=False, sources=['name'], unique=True)),
            ],
            options={
                'ordering': ['folded_name'],
            },
        ),
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='name')),
                ('default_days', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)], verbose_name='days on screen')),
                ('scope_users', models.ManyToManyField(blank=True, related_name='scope_categories', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'categories',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='MediaItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('description', models.CharField(blank=True, help_text='A description of the image for people who cannot see it.', max_length=200, verbose_name='description')),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('warnings', models.JSONField(blank=True, default=list)),
                ('upload_id', models.UUIDField(db_index=True, editable=False, null=True)),
                ('upload_digest', models.CharField(blank=True, db_index=True, editable=False, max_length=64)),
                ('uploaded_at', models.DateTimeField(auto_now_add=True)),
                ('folded_name', beffroi_server.core.folded_text.FoldedField(blank=True, default='', editable=False, sources=['name'])),
                ('search_text', beffroi_server.core.folded_text.FoldedField(blank=True, default='', editable=False, sources=['name', 'description'])),
                ('municipality', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='fleet.municipality', verbose_name='municipality')),
                ('picture', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='library.asset')),
                ('thumbnail', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='library.asset')),
                ('uploaded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-uploaded_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Announcement',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('template', models.CharField(choices=beffroi_server.library.template_choices.template_choices, default='news', max_length=20, verbose_name='template')),
                ('title', models.CharField(max_length=200, validators=[beffroi_server.core.visible_text.validate_visible], verbose_name='title')),
                ('body', models.TextField(blank=True, max_length=5000, verbose_name='text')),
                ('label', models.CharField(blank=True, max_length=60, verbose_name='category')),
                ('place', models.CharField(blank=True, max_length=200, verbose_name='place')),
                ('starts', models.DateTimeField(blank=True, null=True, verbose_name='event starts')),
                ('ends', models.DateTimeField(blank=True, null=True, verbose_name='event ends')),
                ('figure', models.CharField(blank=True, max_length=24, verbose_name='figure')),
                ('link', models.URLField(blank=True, max_length=500, validators=[django.core.validators.URLValidator(['http', 'https'])], verbose_name='link')),
                ('source', models.CharField(blank=True, max_length=120, verbose_name='issuing department')),
                ('language', models.CharField(blank=True, choices=beffroi_server.core.languages.language_choices, max_length=3, verbose_name='language')),
                ('translations', models.JSONField(blank=True, default=list, validators=[beffroi_server.library.translations.validate_translations], verbose_name='translations')),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('archived_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('folded_title', beffroi_server.core.folded_text.FoldedField(blank=True, default='', editable=False, sources=['title'])),
                ('folded_label', beffroi_server.core.folded_text.FoldedField(blank=True, default='', editable=False, sources=['label'])),
                ('search_text', beffroi_server.core.folded_text.FoldedField(blank=True, default='', editable=False, sources=['title', 'body', 'label', 'place', 'source', 'translated_text'])),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('feed', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='announcements', to='feeds.feed', verbose_name='feed')),
                ('municipality', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='fleet.municipality', verbose_name='municipality')),
                ('updated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('more_pictures', models.ManyToManyField(blank=True, related_name='announcements_besides', to='library.mediaitem', verbose_name='further images')),
                ('picture', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='announcements', to='library.mediaitem', verbose_name='image')),
                ('tags', models.ManyToManyField(blank=True, related_name='announcements', to='library.tag', verbose_name='tags')),
            ],
            options={
                'ordering': ['-updated_at'],
            },
        ),
        migrations.CreateModel(
            name='MunicipalityLogo',
            fields=[
                ('municipality', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='chosen_logo', serialize=False, to='fleet.municipality')),
                ('image', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='library.mediaitem')),
            ],
        ),
        migrations.CreateModel(
            name='PlannedAnnouncement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=120, validators=[beffroi_server.core.visible_text.validate_visible], verbose_name='subject')),
                ('due_on', models.DateField(verbose_name='wanted on the screens from')),
                ('label', models.CharField(blank=True, max_length=60, verbose_name='category')),
                ('note', models.TextField(blank=True, max_length=500, verbose_name='note')),
                ('announcement', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='plans', to='library.announcement')),
                ('writer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who writes it')),
            ],
            options={
                'ordering': ['due_on', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='TownLogo',
            fields=[
                ('town', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='chosen_logo', serialize=False, to='accounts.town')),
                ('image', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='library.mediaitem')),
            ],
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120)),
                ('digest', models.CharField(blank=True, db_index=True, max_length=64)),
                ('language', models.CharField(max_length=10)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('is_started', models.BooleanField(default=False)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('problem', models.CharField(blank=True, max_length=500)),
                ('uploaded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['created_at'],
            },
        ),
        migrations.CreateModel(
            name='Video',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('duration_ms', models.PositiveIntegerField()),
                ('progress', models.PositiveSmallIntegerField(default=0)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('problem', models.CharField(blank=True, max_length=40)),
                ('converted', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='library.asset')),
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='video', to='library.mediaitem')),
                ('original', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='library.asset')),
            ],
        ),
        migrations.CreateModel(
            name='AnnouncementVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('saved_at', models.DateTimeField()),
                ('restored_from', models.PositiveIntegerField(null=True)),
                ('values', models.JSONField()),
                ('announcement', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='library.announcement')),
                ('saved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.UniqueConstraint(fields=('announcement', 'number'), name='one_version')],
            },
        ),
        migrations.AddIndex(
            model_name='mediaitem',
            index=models.Index(fields=['-uploaded_at', '-id'], name='media_newest'),
        ),
        migrations.AddIndex(
            model_name='mediaitem',
            index=models.Index(fields=['folded_name'], name='media_name'),
        ),
        migrations.AddIndex(
            model_name='announcement',
            index=models.Index(fields=['-updated_at'], name='announcement_changed'),
        ),
        migrations.AddIndex(
            model_name='announcement',
            index=models.Index(fields=['-created_at'], name='announcement_created'),
        ),
        migrations.AddIndex(
            model_name='announcement',
            index=models.Index(fields=['folded_title'], name='announcement_title'),
        ),
        migrations.AddIndex(
            model_name='announcement',
            index=models.Index(fields=['folded_label', 'label'], name='announcement_label'),
        ),
        migrations.AddIndex(
            model_name='announcement',
            index=models.Index(fields=['archived_at', '-updated_at', 'id'], name='announcement_archived'),
        ),
    ]
