"""Events of the example service; their owner is the broker user that the tests publish as."""

import uuid
from dataclasses import dataclass

from service_kit.events import Deleted, Event, _event


@dataclass(frozen=True, kw_only=True)
class ThingState(Event):
    id: uuid.UUID
    name: str


@_event("thing.named", owner="admin")
class ThingNamed(ThingState): ...


@_event("thing.deleted", owner="admin")
class ThingDeleted(Deleted): ...


@_event("thing.theirs", owner="somebody-else")
class ThingOfOthers(ThingState): ...
