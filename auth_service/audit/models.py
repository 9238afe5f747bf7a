from django.contrib.postgres.fields import ArrayField
from django.db import models


class AuditEntry(models.Model):
    """Somebody did something to an account. Ids and names of fields only: no password, token or personal value.

    Triggers refuse every change of a row but one: erasure empties `address` and `user_agent`.
    `actor` is null when nobody was signed in or a command did it; `user` when the account is not known.
    """

    class Action(models.TextChoices):
        SIGNED_IN = "signed_in"
        SIGN_IN_FAILED = "sign_in_failed"
        SIGNED_OUT = "signed_out"
        REFRESH_REUSED = "refresh_reused"
        REGISTERED = "registered"
        REGISTRATION_UNDONE = "registration_undone"
        CREATED = "created"
        CREATED_BY_COMMAND = "created_by_command"
        GOOGLE_LINKED = "google_linked"
        USER_CHANGED = "user_changed"
        ROLE_CHANGED = "role_changed"
        DEACTIVATED = "deactivated"
        REACTIVATED = "reactivated"
        PASSWORD_CHANGED = "password_changed"
        PASSWORD_RESET_ASKED = "password_reset_asked"
        PASSWORD_LINK_MADE = "password_link_made"
        PASSWORD_RESET = "password_reset"
        EMAIL_VERIFIED = "email_verified"
        EXPORTED = "exported"
        DELETED = "deleted"
        ERASED = "erased"
        KEY_ROTATED = "key_rotated"

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    action = models.CharField(max_length=24, choices=Action)
    actor = models.UUIDField(null=True)
    user = models.UUIDField(null=True)
    changed = ArrayField(models.CharField(max_length=40), default=list)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, default="")

    class Meta:
        indexes = (
            models.Index(fields=["user", "id"], name="audit_of_user"),
            models.Index(fields=["actor", "id"], name="audit_by_actor"),
            models.Index(fields=["action", "id"], name="audit_by_action"),
        )
