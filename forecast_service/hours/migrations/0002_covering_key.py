from django.db import migrations

PRIMARY_KEY = "ALTER TABLE hours_hour DROP CONSTRAINT hours_hour_pkey, ADD CONSTRAINT hours_hour_pkey PRIMARY KEY (device_id, start)"


class Migration(migrations.Migration):
    """A device's hours lie apart from each other, one a page, since all devices' come together: its key holds what forecasts read.

    A page that changed since the last vacuum is read all the same, so that one comes early.
    """

    dependencies = [("hours", "0001_initial")]
    operations = [
        migrations.RunSQL(
            f"{PRIMARY_KEY} INCLUDE (kwh, readings, expected, quality);"
            "ALTER TABLE hours_hour SET (autovacuum_vacuum_insert_scale_factor = 0.02)",
            f"{PRIMARY_KEY}; ALTER TABLE hours_hour RESET (autovacuum_vacuum_insert_scale_factor)",
        )
    ]
