from django.db import models


class Counter(models.Model):
    """How often something happened lately. `key` is a keyed digest: neither names nor addresses are kept."""

    key = models.CharField(max_length=64, primary_key=True)
    hits = models.PositiveIntegerField()
    last_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
