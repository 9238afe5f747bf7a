from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("anomalies", "0001_anomalies")]

    operations = [
        migrations.RenameField("anomaly", "sure", "confidence"),
        migrations.AddField("anomaly", "ended", models.BooleanField(default=False)),
        migrations.AddField("anomaly", "version", models.BigIntegerField(default=1)),
    ]
