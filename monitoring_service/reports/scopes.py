"""What a report is about: devices, a plant, all that a person may see, or all that the asker may see."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from rest_framework.exceptions import NotFound

from monitoring_service.devices.models import Plant
from monitoring_service.devices.selection import Chosen, choose
from monitoring_service.people.models import User
from service_kit.auth import Caller

DEVICES_AT_MOST = 500
FORMS = "device_<uuid>, plant_<uuid>, user_<uuid>_all, all, or a list of devices"


class BadScope(ValueError):
    """The scope is none: the text says why, and which there are."""


@dataclass(frozen=True)
class Scope:
    """`ids`: the devices', the plant's or the user's; none for `all`."""

    what: Literal["devices", "plant", "user", "all"]
    ids: tuple[UUID, ...] = ()

    @property
    def text(self) -> str | list[str]:
        """As the API writes it; `parse_scope` reads it."""
        if self.what == "devices":
            devices = [f"device_{device_id}" for device_id in self.ids]
            return devices[0] if len(devices) == 1 else devices
        if self.what == "all":
            return "all"
        return f"plant_{self.ids[0]}" if self.what == "plant" else f"user_{self.ids[0]}_all"


def parse_scope(asked: Any) -> Scope:
    """Raises BadScope."""
    parts = asked.split(",") if isinstance(asked, str) else asked
    if not isinstance(parts, list) or not parts or not all(isinstance(part, str) for part in parts):
        raise BadScope(f"{str(asked)[:60]!r} is no scope. Give {FORMS}.")
    names = [part.strip() for part in parts]
    if names == ["all"]:
        return Scope("all")
    if len(names) == 1:
        for what, before, after in (("plant", "plant_", ""), ("user", "user_", "_all")):
            if names[0].startswith(before) and names[0].endswith(after):
                return Scope(what, (_uuid(names[0].removeprefix(before).removesuffix(after)),))  # type: ignore[arg-type]
    ids = tuple(dict.fromkeys(_uuid(name.removeprefix("device_")) for name in names))
    if len(ids) > DEVICES_AT_MOST:
        raise BadScope(
            f"{len(ids)} devices are more than {DEVICES_AT_MOST}. Give plant_<uuid>, user_<uuid>_all or all."
        )
    return Scope("devices", ids)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadScope(f"{text[:60]!r} is no scope. Give {FORMS}.") from None


def devices_of(scope: Scope, caller: Caller) -> list[Chosen]:
    """With the times in which the caller may see them. Raises NotFound for what is not the caller's to see."""
    if scope.what == "devices":
        return choose(caller, device_ids=scope.ids)
    if scope.what == "plant":
        return choose(caller, plant_id=scope.ids[0])
    if scope.what == "all":
        return choose(caller)
    (user_id,) = scope.ids
    if not caller.is_admin and caller.id != user_id:
        raise NotFound(f"There is no user {user_id} that you may see.")
    return choose(replace(caller, id=user_id, role="client"))


def name_of(scope: Scope, devices: Sequence[Chosen]) -> str:
    """For people; of many devices the first."""
    if scope.what == "devices":
        names = ", ".join(device.name for device in devices[:5])
        return names if len(devices) <= 5 else f"{names} and {len(devices) - 5} more"
    if scope.what == "plant":
        return str(Plant.live.values_list("name", flat=True).get(pk=scope.ids[0]))
    if scope.what == "user":
        name = User.live.filter(pk=scope.ids[0]).values_list("username", flat=True).first()
        return f"All devices of {name}" if name else "All devices of a user"
    return "All devices"
