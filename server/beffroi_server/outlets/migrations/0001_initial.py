import django.core.validators
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='CapMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('identifier', models.CharField(max_length=150, unique=True)),
                ('alert', models.UUIDField(db_index=True)),
                ('source', models.CharField(max_length=40, unique=True)),
                ('sender', models.CharField(max_length=255)),
                ('message_type', models.CharField(max_length=10)),
                ('headline', models.CharField(max_length=200)),
                ('sent', models.DateTimeField()),
                ('document', models.TextField()),
                ('written_at', models.DateTimeField()),
                ('is_published', models.BooleanField(default=False)),
            ],
            options={
                'ordering': ['-sent', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='CapOutput',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_on', models.BooleanField(default=False, verbose_name='Publish alerts as CAP, for apps and other services')),
                ('contact', models.CharField(blank=True, max_length=120, verbose_name='contact')),
                ('radius_km', models.DecimalField(decimal_places=1, default=5, max_digits=4, validators=[django.core.validators.MaxValueValidator(100)], verbose_name='radius in kilometres')),
                ('followed_event', models.PositiveBigIntegerField(default=0, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name='FollowedTrail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.PositiveBigIntegerField(default=0)),
                ('incidents_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='WebhookSubscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True, verbose_name='name')),
                ('address', models.CharField(max_length=500, verbose_name='address')),
                ('secret', models.CharField(max_length=100)),
                ('events', models.JSONField(default=list)),
                ('is_active', models.BooleanField(default=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('failed_at', models.DateTimeField(blank=True, null=True)),
                ('delivered_at', models.DateTimeField(blank=True, null=True)),
                ('lost_count', models.PositiveIntegerField(default=0)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='WebhookMessage',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('source', models.CharField(max_length=60)),
                ('body', models.JSONField()),
                ('due_at', models.DateTimeField(db_index=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='outlets.webhooksubscription')),
            ],
            options={
                'ordering': ['created_at'],
                'constraints': [models.UniqueConstraint(fields=('subscription', 'source'), name='one_message_of_event')],
            },
        ),
    ]
