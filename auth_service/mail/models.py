import uuid

from django.db import models


class Mail(models.Model):
    """A mail that waits to be sent. Its text and the token in its link are made when it is sent, and kept nowhere.

    `account` is null where somebody asked for an address that nobody has: the row is there so that asking is the same work.
    """

    class Kind(models.TextChoices):
        PASSWORD_RESET = "password_reset"
        EMAIL_VERIFICATION = "email_verification"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey("accounts.Account", null=True, on_delete=models.CASCADE, related_name="mails")
    kind = models.CharField(max_length=20, choices=Kind)
    created_at = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_index=True)
