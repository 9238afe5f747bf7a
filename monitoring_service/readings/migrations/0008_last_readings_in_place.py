from django.db import migrations


class Migration(migrations.Migration):
    """Every batch writes its devices' last readings anew: with room in each page that is done in place, past the index."""

    dependencies = [("readings", "0007_previous_at")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE readings_lastreading SET (fillfactor = 40)",
            "ALTER TABLE readings_lastreading RESET (fillfactor)",
        )
    ]
