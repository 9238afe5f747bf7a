"""Every write to an account."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, connection, transaction
from rest_framework.exceptions import NotFound, ValidationError

from auth_service.accounts.models import Account
from auth_service.accounts.queries import may_sign_in
from auth_service.audit.services import Action, forget_origins, record
from auth_service.mail.models import Mail
from auth_service.mail.services import post
from auth_service.origin import current_address
from auth_service.sagas.engine import DELETE, REGISTER, UPDATE, start_saga
from auth_service.sagas.models import Saga
from auth_service.throttles.limits import WrongPasswords
from auth_service.tokens.services import end_sessions
from service_kit.errors import Conflict
from service_kit.events import UserCreated, UserDeleted, UserState, UserUpdated
from service_kit.outbox import forget, publish

NAMES = ("first_name", "last_name", "phone")
_ADMINS_LOCK = 0x41444D
TAKEN = {
    "username_taken": {"username": ["This username is taken. Choose another."]},
    "email_taken": {"email": ["There is an account with this e-mail address. Sign in, or use another address."]},
}


class AnotherChange(Conflict):
    """Another change of this user is under way. Try again in a moment."""

    default_detail = __doc__


class LastAdmin(Conflict):
    """This is the last administrator who can sign in. Make another one first."""

    default_detail = __doc__


@contextmanager
def constraints_explained() -> Iterator[None]:
    """A transaction in which a taken name or address is a field error, and a second saga of one user AnotherChange."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        for constraint, message in TAKEN.items():
            if constraint in str(error):
                raise ValidationError(message) from None
        if "one_active_saga_per_user" in str(error) or "google_account_taken" in str(error):
            raise AnotherChange from None
        raise


def begin_registration(
    *,
    username: str,
    email: str,
    password: str | None,
    first_name: str,
    last_name: str,
    phone: str = "",
    role: str = Account.Role.CLIENT,
    id: uuid.UUID | None = None,
    email_verified: bool = False,
    google_subject: str | None = None,
    how: Action = Action.REGISTERED,
) -> Saga:
    """Store the pending account and its saga in one transaction; `how` is the audit's word for it.

    Without a password nobody signs in by one until a link has set it.

    Raises ValidationError when name or address is taken.
    """
    with constraints_explained():
        account = Account.objects.create(
            id=id or uuid.uuid4(), username=username, email=email, password=make_password(password), role=role,
            first_name=first_name, last_name=last_name, phone=phone,
            email_verified=email_verified, google_subject=google_subject,
        )  # fmt: skip
        record(how, user=account.pk)
        names = {"first_name": first_name, "last_name": last_name, "phone": phone}
        return start_saga(
            kind=REGISTER, subject=account.pk, payload={**names, "username": username, "role": role}
        )  # fmt: skip


def activate(*, saga: Saga) -> None:
    """The last step of a registration, in the transaction that completes its saga: everybody is told."""
    account = Account.objects.select_for_update().get(pk=saga.subject)
    account.state = Account.State.ACTIVE
    account.save(update_fields=["state"])
    publish(UserCreated(**event_fields(account)), version=account.version)
    if not account.email_verified:
        post(Mail.Kind.EMAIL_VERIFICATION, account=account)


def discard_pending(*, saga: Saga) -> None:
    """After a registration was undone: the name and the address are free again."""
    Account.objects.filter(pk=saga.subject, state=Account.State.PENDING).delete()
    record(Action.REGISTRATION_UNDONE, user=saga.subject)


def begin_update(*, account_id: uuid.UUID, **changes: str | bool) -> Saga | None:
    """Change what this service owns at once; the names, which user_service owns, by a saga (None when they stay as they are).

    Raises NotFound, ValidationError when name or address is taken, LastAdmin, AnotherChange.
    """
    names = {name: changes.pop(name) for name in NAMES if name in changes}
    with constraints_explained():
        account = locked(account_id)
        changes = {name: value for name, value in changes.items() if getattr(account, name) != value}
        names = {name: value for name, value in names.items() if getattr(account, name) != value}
        record_changes(account.pk, changes | names)
        for name, value in changes.items():
            setattr(account, name, value)
        ensure_an_admin_is_left(account)
        if "email" in changes:
            account.email_verified = False
            post(Mail.Kind.EMAIL_VERIFICATION, account=account)
        if changes:
            account.version += 1
            account.save()
            publish(UserUpdated(**event_fields(account)), version=account.version)
        if not account.is_active:
            end_sessions(account=account)
        if not names:
            return None
        payload = {name: names.get(name, getattr(account, name)) for name in NAMES}
        return start_saga(kind=UPDATE, subject=account.pk, payload=payload)


def record_changes(account_id: uuid.UUID, changes: dict[str, str | bool]) -> None:
    """Into the audit: one entry that names the changed fields, and entries of their own for what opens or shuts doors."""
    if changes:
        record(Action.USER_CHANGED, user=account_id, changed=changes)
    if "role" in changes:
        record(Action.ROLE_CHANGED, user=account_id)
    if "is_active" in changes:
        record(Action.REACTIVATED if changes["is_active"] else Action.DEACTIVATED, user=account_id)


def take_names(*, saga: Saga) -> None:
    """user_service has the new names, and its event of them is on its way: the answer need not wait for it."""
    names = {name: saga.payload[name] for name in NAMES}
    copy_profile(user_id=saga.subject, version=saga.payload["profile_version"], **names)


def change_password(*, account_id: uuid.UUID, old_password: str, new_password: str) -> None:
    """Take over a new password and end every session. Raises ValidationError for a wrong old or a weak new one, TooMany."""
    tries = WrongPasswords(name=str(account_id), address=current_address() or "")
    tries.check()
    with transaction.atomic():
        account = locked(account_id)
        right = account.check_password(old_password)
        if right:
            set_password(account, new_password)
            record(Action.PASSWORD_CHANGED, user=account.pk)
    if not right:
        tries.wrong()
        raise ValidationError({"old_password": ["This is not your password."]})
    tries.right()


def set_password(account: Account, new_password: str) -> None:
    """Save the account with a new password and end its sessions. Raises ValidationError for a weak one."""
    try:
        validate_password(new_password, account)
    except DjangoValidationError as error:
        raise ValidationError({"new_password": error.messages}) from None
    account.set_password(new_password)
    account.save(update_fields=["password", "email_verified"])
    end_sessions(account=account)


def begin_deletion(*, account_id: uuid.UUID) -> Saga:
    """From now on the account cannot sign in, and everybody is told so; then the others let go of it. Raises as begin_update."""
    return _begin_end(account_id, how=Action.DELETED, payload={})


def begin_erasure(*, account_id: uuid.UUID) -> Saga:
    """A deletion after which nothing tells any more who it was, the audit neither. Raises as begin_update."""
    return _begin_end(account_id, how=Action.ERASED, payload={"erase": True})


def _begin_end(account_id: uuid.UUID, *, how: Action, payload: dict[str, Any]) -> Saga:
    with constraints_explained():
        account = locked(account_id)
        account.state, account.is_active = Account.State.DELETING, False
        ensure_an_admin_is_left(account)
        account.version += 1
        account.save()
        end_sessions(account=account)
        record(how, user=account.pk)
        publish(UserUpdated(**event_fields(account)), version=account.version)
        return start_saga(kind=DELETE, subject=account.pk, payload=payload)


def purge(*, saga: Saga) -> None:
    """The last step of a deletion: the account goes, and with `user.deleted` every copy of it."""
    account = Account.objects.select_for_update().get(pk=saga.subject)
    account.delete()
    # What earlier sagas and events said of the person is of no more use.
    Saga.objects.filter(subject=saga.subject).exclude(pk=saga.pk).update(payload={}, refusal=None, last_error="")
    forget(subject=saga.subject)
    if saga.payload.get("erase"):
        forget_origins(user=saga.subject)
    publish(UserDeleted(id=saga.subject), version=account.version + 1)


def locked(account_id: uuid.UUID) -> Account:
    """The active account's row, nobody else's until the transaction ends. Raises NotFound."""
    account = Account.objects.select_for_update().filter(pk=account_id, state=Account.State.ACTIVE).first()
    if account is None:
        raise NotFound(f"There is no user {account_id}.")
    return account


def ensure_an_admin_is_left(changed: Account) -> None:
    """Raises LastAdmin when with `changed`, which is not saved yet, nobody could administer any more."""
    if changed.role == Account.Role.ADMIN and changed.is_active:
        return
    with connection.cursor() as cursor:
        # Two admins who demote each other at once would each see the other one left.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADMINS_LOCK])
    admins = may_sign_in().filter(role=Account.Role.ADMIN)
    if admins.filter(pk=changed.pk).exists() and not admins.exclude(pk=changed.pk).exists():
        raise LastAdmin


def event_fields(account: Account) -> dict[str, Any]:
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
