"""The energy of single devices, kept in this process until it changes: of many devices that are looked at together few ever have."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from zoneinfo import ZoneInfo

import numpy as np

from monitoring_service.devices.selection import Chosen
from monitoring_service.hours.calendar import Resolution, edges
from monitoring_service.hours.energy import Floats
from monitoring_service.hours.sums import sums

KEPT_BYTES = 16 << 20
# So many devices' hours of a month are some megabytes on their way from the database.
_AT_ONCE = 100

Key = tuple[object, ...]
_kept: OrderedDict[Key, tuple[object, Floats]] = OrderedDict()
_lock = Lock()
_NOTHING: tuple[object, Floats] = (None, np.empty(0))


def energy_of_each(
    devices: Sequence[Chosen], start_us: int, end_us: int, zone: ZoneInfo, resolution: Resolution
) -> dict[Chosen, Floats]:
    """Each device's kWh in every entry of [start, end), within its periods; NaN where nothing is known. Not to be written to.

    A device is asked for again when its `state` is another than the one it was kept with. That state was read before the energy,
    so what is kept may be newer than its state says but never older.
    """
    keys: dict[Chosen, Key] = {d: (d.id, d.outward, d.periods, start_us, end_us, zone.key, resolution) for d in devices}
    found = _look_up(keys)
    missing = [device for device in keys if device not in found]
    border = edges(start_us, end_us, zone, resolution)
    for first in range(0, len(missing), _AT_ONCE):
        some = missing[first : first + _AT_ONCE]
        fetched = sums([[device] for device in some], border, finest=resolution in ("quarter", "hour")).kwh
        # A view would keep its neighbours, too.
        found |= {device: kwh.copy() for device, kwh in zip(some, fetched, strict=True)}
    if missing:
        _keep({keys[device]: (device.state, found[device]) for device in missing})
    return found


def _look_up(keys: dict[Chosen, Key]) -> dict[Chosen, Floats]:
    found = {}
    with _lock:
        for device, key in keys.items():
            state, kwh = _kept.get(key, _NOTHING)
            if state == device.state:
                _kept.move_to_end(key)
                found[device] = kwh
    return found


def _keep(entries: dict[Key, tuple[object, Floats]]) -> None:
    with _lock:
        _kept.update(entries)
        used = sum(kwh.nbytes for _, kwh in _kept.values())
        while used > KEPT_BYTES:
            _, (_, oldest) = _kept.popitem(last=False)
            used -= oldest.nbytes


def forget_all() -> None:
    with _lock:
        _kept.clear()
