import uuid

from django.db import models


class RefreshFamily(models.Model):
    """One sign-in and the refresh tokens that followed from it. Only the newest, `current`, is good; an older one ends the family."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey("accounts.Account", on_delete=models.CASCADE, related_name="refresh_families")
    current = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True)
