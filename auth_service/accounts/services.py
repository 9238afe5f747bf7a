"""Every write to an account."""

import uuid
from dataclasses import fields

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from rest_framework.exceptions import ValidationError

from auth_service.accounts.models import Account
from auth_service.sagas.engine import REGISTER, start_saga
from auth_service.sagas.models import Saga
from service_kit.events import UserCreated, UserState
from service_kit.outbox import publish

TAKEN = {
    "username_taken": {"username": ["This username is taken. Choose another."]},
    "email_taken": {"email": ["There is an account with this e-mail address. Sign in, or use another address."]},
}


def begin_registration(
    *,
    username: str,
    email: str,
    password: str,
    first_name: str,
    last_name: str,
    phone: str = "",
    role: str = Account.Role.CLIENT,
    id: uuid.UUID | None = None,
) -> Saga:
    """Store the pending account and its saga in one transaction. Raises ValidationError when name or address is taken."""
    try:
        with transaction.atomic():
            account = Account.objects.create(
                id=id or uuid.uuid4(), username=username, email=email, password=make_password(password), role=role,
                first_name=first_name, last_name=last_name, phone=phone,
            )  # fmt: skip
            payload = {"first_name": first_name, "last_name": last_name, "phone": phone}
            return start_saga(
                kind=REGISTER,
                subject=account.pk,
                payload={**payload, "username": username, "role": role},
            )
    except IntegrityError as error:
        for constraint, message in TAKEN.items():
            if constraint in str(error):
                raise ValidationError(message) from None
        raise


def activate(*, account_id: uuid.UUID) -> None:
    """The last step of a registration, in the transaction that completes its saga: everybody is told."""
    account = Account.objects.select_for_update().get(pk=account_id)
    account.state = Account.State.ACTIVE
    account.save(update_fields=["state"])
    publish(UserCreated(**event_fields(account)), version=account.version)


def discard_pending(*, account_id: uuid.UUID) -> None:
    """After a registration was undone: the name and the address are free again."""
    Account.objects.filter(pk=account_id, state=Account.State.PENDING).delete()


def event_fields(account: Account) -> dict[str, object]:
    """The fields of UserState."""
    return {field.name: getattr(account, field.name) for field in fields(UserState)}


def copy_profile(*, user_id: uuid.UUID, version: int, first_name: str, last_name: str, phone: str) -> bool:
    """Take over a profile's names unless a newer version is known; whether they were taken."""
    found = Account.objects.filter(pk=user_id, profile_version__lt=version)
    return bool(
        found.update(
            first_name=first_name,
            last_name=last_name,
            phone=phone,
            profile_version=version,
        )
    )
