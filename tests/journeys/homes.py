"""Ten weeks of a real home and the day that followed; simulated where the real file is absent."""

import csv
import gzip
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from device_simulator.meters import Meter, energy_kwh

FILE = Path(__file__).parents[3] / "shared" / "data" / "citylearn2022_homes_load_kwh.csv.gz"
COLUMN = "home_01"
HISTORY_HOURS = 10 * 7 * 24
AHEAD_HOURS = 24


@dataclass(frozen=True)
class Home:
    """A CSV file of hourly kWh, with what it holds: `history` (replayed) and `future` (24 h, never sent)."""

    path: Path
    history: list[float]
    future: list[float]


def real_or_simulated_home(folder: Path) -> Home:
    """`folder` takes the simulated file where the real one is absent."""
    path = FILE
    if not path.exists():
        path = folder / "simulated_home.csv.gz"
        _simulate(path)
    with gzip.open(path, "rt") as stream:
        hours = [float(row[COLUMN]) for row in csv.DictReader(stream)][: HISTORY_HOURS + AHEAD_HOURS]
    return Home(path, hours[:HISTORY_HOURS], hours[HISTORY_HOURS:])


def _simulate(path: Path) -> None:
    meter = Meter("simulated-home", interval_seconds=3600, noise=0.3)
    start = datetime(2026, 1, 5, tzinfo=UTC)
    with gzip.open(path, "wt") as stream:
        stream.write(f"timestamp,{COLUMN}\n")
        for hour in range(HISTORY_HOURS + AHEAD_HOURS):
            begin = start + timedelta(hours=hour)
            energy = energy_kwh(meter, int(begin.timestamp()) + 3600)
            stream.write(f"{begin:%Y-%m-%d %H:%M:%S},{energy!r}\n")
