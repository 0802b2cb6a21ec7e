from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("requests_app", "0001_initial")]

    operations = [
        migrations.AddField(model_name="volume", name="unprinted", field=models.JSONField(blank=True, default=list)),
    ]
