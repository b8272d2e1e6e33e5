import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('fleet', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Feed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='name')),
                ('kind', models.CharField(choices=[('calendar', 'Calendar (iCal)'), ('news', 'News (RSS or Atom)'), ('table', 'Table (CSV)'), ('weather', 'Local weather'), ('vigilance', 'Météo-France weather warnings')], default='calendar', max_length=12, verbose_name='kind')),
                ('address', models.CharField(blank=True, max_length=500, verbose_name='address')),
                ('data', models.JSONField(blank=True, default=dict)),
                ('kept', models.JSONField(blank=True, default=dict)),
                ('skipped', models.JSONField(blank=True, default=list)),
                ('skipped_count', models.PositiveIntegerField(default=0)),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('told_at', models.DateTimeField(blank=True, null=True)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('municipality', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='fleet.municipality', verbose_name='municipality')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
    ]
