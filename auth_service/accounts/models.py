import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower


class Account(AbstractBaseUser):
    """Somebody who may sign in. PENDING until every service knows the user: a pending account cannot sign in.
    DELETING from the moment its deletion began: it cannot sign in any more and cannot come back.

    `first_name`, `last_name` and `phone` are a copy of user_service's profile, kept by `profile.updated` (highest version wins),
    so that signing in does not depend on user_service.
    """

    class Role(models.TextChoices):
        ADMIN = "admin"
        CLIENT = "client"

    class State(models.TextChoices):
        PENDING = "pending"
        ACTIVE = "active"
        DELETING = "deleting"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(max_length=150)
    email = models.EmailField()
    email_verified = models.BooleanField(default=False)
    google_subject = models.CharField(
        max_length=255, null=True, help_text="Google's lasting name for the person, once joined."
    )
    role = models.CharField(max_length=10, choices=Role, default=Role.CLIENT)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.BigIntegerField(default=1)
    first_name = models.CharField(max_length=150, default="")
    last_name = models.CharField(max_length=150, default="")
    phone = models.CharField(max_length=32, default="", blank=True)
    profile_version = models.BigIntegerField(default=0)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    objects = BaseUserManager["Account"]()

    class Meta:
        constraints = (
            models.UniqueConstraint(Lower("username"), name="username_taken"),
            models.UniqueConstraint(Lower("email"), name="email_taken"),
            models.UniqueConstraint("google_subject", name="google_account_taken"),
            # "bob@x.org" as a username would let Bob sign in as whoever has that e-mail address.
            models.CheckConstraint(condition=~models.Q(username__contains="@"), name="username_is_no_email"),
        )
        indexes = (models.Index(fields=["created_at", "id"], name="account_by_age"),)

    @property
    def may_sign_in(self) -> bool:
        return self.state == Account.State.ACTIVE and self.is_active
