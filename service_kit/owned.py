"""What a service owns and others keep copies of: told anew by `manage.py resync`, compared by `manage.py reconcile`.

Everything leaves through the outbox as a change does, with the row locked, so that no newer version can overtake it. Who has
the version already drops it.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import models, transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from service_kit.events import Deleted, Event
from service_kit.models import OutboxEvent
from service_kit.outbox import publish_all
from service_kit.versions import Versions, versions_of

CHUNK = 500
# wait(condition, otherwise): until the condition holds, or raises with `otherwise`.
Wait = Callable[[Callable[[], bool], str], None]


class NotDated(ValueError):
    """Only hours have a time: leave out --start and --end."""


class Owned(ABC):
    """One kind of thing that this service owns.

    event:  tells of it.
    queues: of the services that keep a copy.
    """

    event: type[Event]
    queues: tuple[str, ...]
    can_overtake = True
    can_forget = True

    @property
    def name(self) -> str:
        """What the command line calls one of them."""
        return self.event.type.partition(".")[0]

    @abstractmethod
    def resync(self, keys: Iterable[str] | None, *, start: datetime | None = None, end: datetime | None = None) -> int:
        """Tell everything anew, or what has these keys; how many rows. Raises NotDated when it cannot heed start and end."""

    @abstractmethod
    def versions(self) -> Versions:
        """The versions that were told, or wait in the outbox to be."""

    @abstractmethod
    def latest(self) -> Versions:
        """The versions as they are, told or not: no copy can rightly be ahead of these."""

    @abstractmethod
    def known(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys that are here, told of or not yet."""

    def wait_until_sent(self, wait: Wait) -> None:
        """Until the broker has all that `versions` speaks of."""
        last = OutboxEvent.objects.aggregate(last=models.Max("pk"))["last"] or 0
        unsent = OutboxEvent.objects.filter(published_at=None, pk__lte=last)
        wait(
            lambda: not unsent.exists(),
            f"{unsent.count()} event(s) still wait in the outbox. Does relay_events run, and does the broker answer?",
        )

    def overtake(self, copies: Mapping[str, int]) -> int:
        """Tell what copies have in a higher version (this database was restored from a backup) under a version above that."""
        return 0

    def forget(self, copies: Mapping[str, int]) -> int:
        """End the copies of what is not here, under the version after theirs; how many."""
        return 0


@dataclass(frozen=True)
class OwnedRows(Owned):
    """Rows of a model with a `version`, told of through the outbox.

    rows:    those that the others have been told of.
    state:   the event that tells of a row as it is.
    deleted: the event that ends a copy; None where copies end with what they belong to.
    """

    event: type[Event]
    rows: Callable[[], QuerySet[Any]]
    state: Callable[[Any], Event]
    deleted: type[Deleted] | None = None
    queues: tuple[str, ...] = ()

    @property
    def can_forget(self) -> bool:  # type: ignore[override]
        return self.deleted is not None

    def versions(self) -> Versions:
        return versions_of(self.rows())

    latest = versions

    def known(self, keys: Iterable[str]) -> set[str]:
        found = self.rows().model._default_manager.filter(pk__in=list(keys))
        return {str(pk) for pk in found.values_list("pk", flat=True)}

    def resync(self, keys: Iterable[str] | None, *, start: datetime | None = None, end: datetime | None = None) -> int:
        """Some hundreds at a time, each lot in a transaction."""
        if start or end:
            raise NotDated(NotDated.__doc__)
        return sum(self._tell(lot) for lot in (self._lots() if keys is None else lots(keys)))

    def _lots(self) -> Iterator[list[Any]]:
        rows, last = self.rows().order_by("pk").values_list("pk", flat=True), None
        while lot := list((rows if last is None else rows.filter(pk__gt=last))[:CHUNK]):
            yield lot
            last = lot[-1]

    def _tell(self, keys: list[Any], above: Mapping[str, int] | None = None) -> int:
        with transaction.atomic():
            rows = list(self.rows().select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"))
            if above is not None:
                for row in rows:
                    row.version = max(row.version, above[str(row.pk)]) + 1
                self.rows().model._default_manager.bulk_update(rows, ["version"])
            publish_all([(self.state(row), row.version) for row in rows])
        return len(rows)

    def overtake(self, copies: Mapping[str, int]) -> int:
        return sum(self._tell(lot, above=copies) for lot in lots(copies))

    def forget(self, copies: Mapping[str, int]) -> int:
        """Looked for again: a row that came meanwhile is not left over. One that is gone cannot come again, for ids are not reused."""
        if self.deleted is None:
            return 0
        told = 0
        for lot in lots(copies):
            with transaction.atomic():
                gone = sorted(set(lot) - self.known(lot))
                publish_all([(self.deleted(id=uuid.UUID(key)), copies[key] + 1) for key in gone])
            told += len(gone)
        return told


def lots(keys: Iterable[str]) -> Iterator[list[str]]:
    """The keys in order, CHUNK at a time."""
    ordered = sorted(keys)
    for first in range(0, len(ordered), CHUNK):
        yield ordered[first : first + CHUNK]


def owned_here() -> list[Owned]:
    """settings.OWNED, in the order in which it is to be told: what others refer to comes first."""
    return list(import_string(settings.OWNED)) if settings.OWNED else []


def chosen(names: Collection[str]) -> list[Owned]:
    """What a command was asked for by name; everything when no name was given. Raises CommandError for a name unknown here."""
    everything = owned_here()
    known = ", ".join(owned.name for owned in everything) or "nothing that others copy"
    for name in names:
        if name not in {owned.name for owned in everything}:
            raise CommandError(f"{name!r} is not owned by this service. It owns: {known}.")
    return [owned for owned in everything if not names or owned.name in names]
