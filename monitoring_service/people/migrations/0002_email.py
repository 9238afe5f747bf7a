from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]

    operations = [
        migrations.AddField("user", "email", models.EmailField(default="", max_length=254)),
        # Copies that know no address are as good as none: what the daily reconciliation finds missing is told again.
        migrations.RunSQL("UPDATE people_user SET version = 0 WHERE deleted_at IS NULL", migrations.RunSQL.noop),
    ]
