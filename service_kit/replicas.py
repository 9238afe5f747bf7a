"""Copies of what other services own. The highest version wins; arrival order, repetition and clocks do not matter."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.db import connection, models
from django.utils import timezone

from service_kit.events import (
    Envelope,
    Event,
    UserCreated,
    UserDeleted,
    UserState,
    UserUpdated,
)
from service_kit.versions import Versions, versions_of

Handler = Callable[[Any, Envelope], None]
Handlers = dict[type[Event], Handler]
M = TypeVar("M", bound=models.Model)


class LiveManager(models.Manager[M]):
    """Without the tombstones."""

    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().filter(deleted_at=None)


class Replica(models.Model):
    """A row of somebody else's. `deleted_at` makes it a tombstone, which keeps a late older event from reviving it."""

    version = models.BigIntegerField()
    deleted_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()
    live: ClassVar[models.Manager[Any]] = LiveManager()

    class Meta:
        abstract = True


def copy_of(model: type[Replica]) -> Callable[[], Versions]:
    """For a service's COPIES table: what `reconcile` compares of the model's rows."""
    return lambda: versions_of(model.objects.all(), deleted=models.Q(deleted_at__isnull=False))


def upsert(model: type[Replica], *, key: dict[str, Any], version: int, values: dict[str, Any]) -> bool:
    """Write the row unless it is there with this version or a higher one; whether it was written.

    `key` and `values` are by field attribute name (`plant_id`, not `plant`); `key` must carry a unique constraint.
    Fields named in neither get their default when the row is new.
    """
    given = {
        **key,
        **values,
        "version": version,
        "deleted_at": values.get("deleted_at"),
    }
    columns: dict[str, Any] = {}
    column_of = {field.attname: str(field.column) for field in model._meta.concrete_fields}
    for field in model._meta.concrete_fields:
        if field.attname in given:
            columns[column_of[field.attname]] = field.get_db_prep_save(given.pop(field.attname), connection)
        elif not isinstance(field, models.AutoField):
            columns[column_of[field.attname]] = field.get_db_prep_save(field.pre_save(model(), add=True), connection)
    if given:
        raise TypeError(f"{model.__name__} has no field {', '.join(given)}")
    quote = connection.ops.quote_name
    keys = [column_of[name] for name in key]
    table = quote(model._meta.db_table)
    changing = [c for c in columns if c not in keys]
    sql = (
        f"INSERT INTO {table} ({', '.join(map(quote, columns))}) VALUES ({', '.join(['%s'] * len(columns))}) "
        f"ON CONFLICT ({', '.join(map(quote, keys))}) DO UPDATE SET "
        + ", ".join(f"{quote(c)} = EXCLUDED.{quote(c)}" for c in changing)
        + f" WHERE {table}.version < EXCLUDED.version"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, list(columns.values()))
        return cursor.rowcount == 1


def tombstone(model: type[Replica], *, key: dict[str, Any], version: int) -> bool:
    """Mark the row deleted and empty its other fields (personal data goes with its owner); whether it was written."""
    return upsert(model, key=key, version=version, values={"deleted_at": timezone.now()})


class UserReplica(Replica):
    """What a service must know of a user: the role that counts here, and whether the account still may act."""

    id = models.UUIDField(primary_key=True)
    username = models.CharField(max_length=150, default="")
    role = models.CharField(max_length=10, default="client")
    is_active = models.BooleanField(default=False)

    class Meta:
        abstract = True


def user_handlers(model: type[UserReplica], *also: str) -> Handlers:
    """The handlers that keep a copy of the users, for a service's HANDLERS table; `also`: fields of the event that it needs too."""

    def on_user_changed(event: UserState, envelope: Envelope) -> None:
        values = {
            "username": event.username,
            "role": event.role,
            "is_active": event.is_active,
            **{name: getattr(event, name) for name in also},
        }
        upsert(model, key={"id": event.id}, version=envelope.version, values=values)

    def on_user_deleted(event: UserDeleted, envelope: Envelope) -> None:
        tombstone(model, key={"id": event.id}, version=envelope.version)

    return {
        UserCreated: on_user_changed,
        UserUpdated: on_user_changed,
        UserDeleted: on_user_deleted,
    }
