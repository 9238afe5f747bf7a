"""Errors and CPU beside other people's forecasters on the same tasks, in one run: `make bench-forecasts DATA=folder`.

DATA holds real series and `panel.py`, which cuts them into tasks. The peers are in requirements-bench.lock, which the product never
installs. Those that take seconds a task are measured on every n-th of the tasks, and ours beside them on the same ones.
"""

import argparse
import dataclasses
import importlib
import importlib.util
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast_service.bench.panel import as_frame, as_history, forecast
from forecast_service.forecasters.base import DAY, WEEK, Floats, Place
from forecast_service.forecasters.sarimax_classic import ClassicSarimax

Task = tuple[str, pd.Series, pd.Series]
Peer = Callable[[pd.Series, int], Floats]
LAGS = (*range(1, 25), 48, 72, 96, 120, 144, 168)
# The homes and weeks on which FlexMeasures was measured.
FLEX_HOMES, FLEX_WEEKS = ("01", "02", "04", "05", "06", "07", "09"), range(12, 50, 4)


def ours(history: pd.Series, horizon: int) -> Floats:
    return forecast(history, horizon)["mean"].to_numpy(float)


def classic(history: pd.Series, horizon: int) -> Floats:
    """SARIMAX(1,1,1)(1,1,1,24) by maximum likelihood on 28 days."""
    return as_frame(ClassicSarimax().forecast(as_history(history), horizon, Place()))["mean"].to_numpy(float)


def mstl(history: pd.Series, horizon: int) -> Floats:
    """statsforecast's MSTL with AutoARIMA for the trend, both seasons."""
    from statsforecast.models import MSTL, AutoARIMA  # type: ignore[import-not-found]

    filled = history.ffill().bfill().to_numpy(float)
    model = MSTL(season_length=[DAY, WEEK], trend_forecaster=AutoARIMA())
    return np.asarray(model.forecast(y=filled, h=horizon)["mean"], dtype=float)


def boosted(history: pd.Series, horizon: int) -> Floats:
    """LightGBM on lags and the calendar, trained on the history and fed its own answers hour by hour."""
    import lightgbm  # type: ignore[import-not-found]

    values = history.ffill().bfill().to_numpy(float)
    hours = pd.date_range(history.index[0], periods=len(history) + horizon, freq="h")
    calendar = np.stack([hours.hour, hours.day_of_week, hours.day_of_week >= 5], axis=1).astype(float)
    first = max(LAGS)
    lagged = np.stack([values[first - lag : len(values) - lag] for lag in LAGS], axis=1)
    settings = {"objective": "l1", "verbosity": -1, "num_threads": 1, "learning_rate": 0.05, "seed": 0}
    learned = lightgbm.train(
        settings,
        lightgbm.Dataset(np.concatenate([lagged, calendar[first : len(values)]], axis=1), values[first:]),
        num_boost_round=200,
    )
    path = np.concatenate([values, np.zeros(horizon)])
    for step in range(len(values), len(path)):
        row = np.concatenate([[path[step - lag] for lag in LAGS], calendar[step]])
        path[step] = learned.predict(row[None])[0]
    return path[len(values) :]


# Which packages it takes, and on every how many-th task it is measured.
PEERS: dict[Peer, tuple[tuple[str, ...], int]] = {
    ours: ((), 1),
    boosted: (("lightgbm",), 1),
    mstl: (("statsforecast",), 6),
    classic: ((), 12),
}


@dataclasses.dataclass(frozen=True)
class Result:
    """Mean error over the first 24 hours and over all, in units of "the same hour yesterday", and CPU seconds a task."""

    tasks: int
    near: float
    whole: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.tasks:4} tasks  24 h {self.near:.3f}  all {self.whole:.3f}  {1000 * self.cpu:9.1f} ms"


def measure(peer: Peer, tasks: Sequence[Task]) -> Result:
    """CPU is this process's, all threads together; the first task is done once beforehand, for imports and compilers."""
    peer(tasks[0][1], len(tasks[0][2]))
    near, whole, cpu = [], [], 0.0
    for _, history, came in tasks:
        begun = time.process_time()
        told = peer(history, len(came))
        cpu += time.process_time() - begun
        past = history.to_numpy(float)
        error = np.abs(told - came.to_numpy(float)) / np.nanmean(np.abs(past[DAY:] - past[:-DAY]))
        near.append(error[:DAY].mean())
        whole.append(error.mean())
    return Result(len(tasks), float(np.mean(near)), float(np.mean(whole)), cpu / len(tasks))


def flex_tasks(panel: Any) -> Iterator[Task]:
    for name, series in panel.series().items():
        if name in {f"meter_home_{number}" for number in FLEX_HOMES}:
            whole = series.sort_index().tz_localize("UTC")
            for week in FLEX_WEEKS:
                at = week * WEEK
                if at + WEEK <= len(whole):
                    yield name, whole.iloc[at - 12 * WEEK : at], whole.iloc[at : at + WEEK]


def between_tasks(panel: Any) -> Iterator[Task]:
    """Up to 34 origins a series at random hours, none within a week of one of the panel's: what settings are settled on."""
    used: dict[str, list[pd.Timestamp]] = {}
    for name, _, came in panel.tasks():
        used.setdefault(name, []).append(came.index[0])
    random = np.random.default_rng(0)
    for name, series in panel.series().items():
        whole = series.sort_index()
        whole = whole.loc[whole.first_valid_index() : whole.last_valid_index()].asfreq("h").tz_localize("UTC")
        for place in np.linspace(12 * WEEK, len(whole) - WEEK - DAY, 34).astype(int):
            at = place + int(random.integers(DAY))
            history, came = whole.iloc[at - 12 * WEEK : at], whole.iloc[at : at + WEEK]
            apart = all(abs(came.index[0] - other) >= pd.Timedelta(weeks=1) for other in used[name])
            if apart and not came.isna().any() and history.isna().mean() < 0.05 and history.std() > 0:
                yield name, history, came


TASKS: dict[str, Callable[[Any], Iterable[Task]]] = {
    "panel": lambda panel: panel.tasks(),
    "between": between_tasks,
    "flex": flex_tasks,
    "m4": lambda panel: panel.m4_tasks(),
}


def missing(packages: Iterable[str]) -> list[str]:
    return [one for one in packages if importlib.util.find_spec(one) is None]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", help="folder with panel.py and its series")
    arguments.add_argument("--tasks", choices=TASKS, default="panel")
    arguments.add_argument("--only", choices=[peer.__name__ for peer in PEERS], nargs="*")
    asked = arguments.parse_args()
    sys.path.insert(0, asked.data)
    tasks = list(TASKS[asked.tasks](importlib.import_module("panel")))
    warnings.filterwarnings("ignore", category=UserWarning)
    for peer, (packages, every) in PEERS.items():
        if asked.only and peer.__name__ not in asked.only:
            continue
        if absent := missing(packages):
            print(f"{peer.__name__:8} left out: {', '.join(absent)} could not be installed (requirements-bench.lock)")
            continue
        some = tasks[::every]
        theirs = measure(peer, some)
        print(f"{peer.__name__:8} {theirs}", flush=True)
        if every > 1:
            same = measure(ours, some)
            print(f"{'ours':8} {same}  {theirs.cpu / same.cpu:.0f} times less CPU", flush=True)


if __name__ == "__main__":
    main()
