"""Faults put into real series, found by the rules and by an IsolationForest that alarms sound meters as often. Prints; asserts nothing.

    make bench-faults DATA=folder      the folder holds `panel.py`, which reads the series

Every second series (or `--every`), 30 days from three quarters of it on: a stretch on which no limit was settled. A fault counts as found when an
alarm is raised in its time that the same series without it does not raise. The forest judges once a day the last 24 hours, at the
threshold at which it has as many alarms on the sound series as the rules.
"""

import argparse
import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sklearn.ensemble import IsolationForest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from forecast_service.forecasters.base import DAY, LONGEST_HISTORY, Floats, History, Place
from forecast_service.forecasters.batch import answer_each
from forecast_service.forecasters.choose import SARIMAX, Answer
from forecast_service.forecasters.detection import findings
from forecast_service.forecasters.odd_days import DAYS, TREES
from forecast_service.forecasters.regressors import fill_gaps

LENGTH, BEGIN = 30 * DAY, 32  # a fault begins at eight in the morning of the second day
threadpool_limits(limits=1, user_api="blas")


@dataclass(frozen=True, slots=True)
class Kind:
    """put: (hours from the fault on, mean of the series) -> the same hours with it. right: what it should be called."""

    name: str
    put: Callable[[Floats, float], Floats]
    hours: int
    right: tuple[str, ...]
    production: bool = False
    begin: int = BEGIN


def _only(hours: int, change: Callable[[Floats], Floats]) -> Callable[[Floats, float], Floats]:
    return lambda values, mean: np.concatenate([change(values[:hours]), values[hours:]])


def _more(hours: int, times: float) -> Callable[[Floats, float], Floats]:
    return lambda values, mean: np.concatenate([values[:hours] + times * mean, values[hours:]])


KINDS = (
    Kind("nothing used for a day", _only(24, np.zeros_like), 30, ("no_consumption",)),
    Kind("meter stuck for a day", _only(24, lambda v: np.full_like(v, v[0])), 30, ("meter_stuck", "no_consumption")),
    Kind("half of it missing for a day", _only(24, lambda v: v / 2), 30, ("unusually_low",)),
    Kind("2.5 times the mean left on for 12 h", _more(12, 2.5), 18, ("unusually_high",)),
    Kind("one hour of 12 times the mean more", _more(1, 12.0), 6, ("spike",)),
    Kind("base load up by half the mean", _more(LENGTH, 0.5), 7 * DAY, ("base_load_up", "unusually_high")),
    Kind("base load creeping up over four weeks", lambda v, mean: v + mean / 2 * np.minimum(np.arange(len(v)) / (28 * DAY), 1),
         LENGTH, ("base_load_crept_up", "base_load_up"), begin=0),
    Kind("panels: nothing for three days", _only(72, np.zeros_like), 78, ("production_lost",), production=True),
    Kind("panels: half of it", lambda v, mean: v / 2, 21 * DAY, ("production_reduced",), production=True),
)  # fmt: skip


@dataclass(slots=True)
class Run:
    """One series, sound (kind None) or with a fault. values: LONGEST_HISTORY hours and then LENGTH. raised: fault -> hours."""

    name: str
    start: datetime
    values: Floats
    kind: Kind | None
    raised: dict[str, list[int]] = field(default_factory=dict)
    last_seen: dict[str, datetime] = field(default_factory=dict)
    odd: dict[int, float] = field(default_factory=dict)

    @property
    def hours(self) -> range:
        return range(self.kind.begin, self.kind.begin + self.kind.hours) if self.kind else range(LENGTH)

    @property
    def production(self) -> bool:
        return self.name.startswith("solar")

    def history(self, hour: int) -> History:
        """What is known when this hour has closed."""
        first = hour + 1
        return History(self.start + timedelta(hours=first), self.values[first : first + LONGEST_HISTORY])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--every", type=int, default=2, help="of the series by name only every so many-th")
    asked = arguments.parse_args()
    runs = list(runs_of(asked.data, asked.every))
    for hour in range(LENGTH):
        judge([run for run in runs if hour in run.hours], hour)
    for run in runs:
        begin = run.kind.begin if run.kind else BEGIN
        for hour in range(begin % DAY + DAY - 1, LENGTH, DAY):
            if hour in run.hours:
                run.odd[hour] = oddness(run.history(hour))
    report(runs)


def runs_of(data: Path, every: int) -> Iterator[Run]:
    spec = importlib.util.spec_from_file_location("panel", data / "panel.py")
    if spec is None or spec.loader is None:
        sys.exit(f"{data} holds no panel.py")
    panel = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(panel)
    for name, series in sorted(panel.series().items())[::every]:
        whole = series.sort_index().loc[series.first_valid_index() : series.last_valid_index()].asfreq("h")
        at = len(whole) * 3 // 4
        at -= whole.index[at].hour
        cut = whole.iloc[at - LONGEST_HISTORY : at + LENGTH]
        start, values = cut.index[0].to_pydatetime().replace(tzinfo=UTC), cut.to_numpy(float)
        yield Run(name, start, values, None)
        for kind in KINDS:
            if kind.production == name.startswith("solar"):
                from_ = LONGEST_HISTORY + kind.begin
                changed = kind.put(values[from_:], float(np.nanmean(values)))
                yield Run(name, start, np.concatenate([values[:from_], changed]), kind)


def judge(runs: list[Run], hour: int) -> None:
    """As `look_for_anomalies` does, which takes the same fault within a day for the same anomaly."""
    histories = [run.history(hour) for run in runs]
    told = answer_each([history.before(DAY) for history in histories], DAY, Place())
    for run, history, answered in zip(runs, histories, told, strict=True):
        if not isinstance(answered, Answer) or answered.model != SARIMAX.name:
            continue
        for found in findings(history, answered.forecast, production=run.production):
            before = run.last_seen.get(found.fault)
            if before is None or found.start > before + timedelta(days=1):
                run.raised.setdefault(found.fault, []).append(hour)
            run.last_seen[found.fault] = found.end


def oddness(history: History) -> float:
    """How odd the forest finds the last 24 hours, in standard deviations of the days before."""
    values = fill_gaps(history.values[None])[0]
    days = values[len(values) % DAY :].reshape(-1, DAY)[-DAYS:]
    scores = IsolationForest(n_estimators=TREES, random_state=0).fit(days[:-1]).score_samples(days)
    return float((scores[:-1].mean() - scores[-1]) / max(scores[:-1].std(), 1e-9))


def report(runs: list[Run]) -> None:
    sound = {run.name: run for run in runs if run.kind is None}
    alarms = sum(len(hours) for run in sound.values() for hours in run.raised.values())
    months = len(sound) * LENGTH / DAY / 30
    limit = limit_of(list(sound.values()), alarms)
    print(f"{len(sound)} sound series, {months:.1f} months: {alarms} alarms, {alarms / months:.2f} a meter and month")
    for fault in sorted({fault for run in sound.values() for fault in run.raised}):
        print(f"    {fault}: {sum(len(run.raised.get(fault, [])) for run in sound.values())}")
    print(f"the forest's limit for as many: {limit:.2f} standard deviations\n")
    print(f"{'fault':40} {'series':>7} {'found':>6} {'named right':>12} {'after h':>8} {'forest':>7} {'after h':>8}")
    for kind in KINDS:
        own = [run for run in runs if run.kind is kind]
        found = [delay for run in own if (delay := first(run, sound[run.name])) is not None]
        right = [run for run in own if first(run, sound[run.name], kind.right) is not None]
        forest = [delay for run in own if (delay := first_odd(run, sound[run.name], limit)) is not None]
        print(
            f"{kind.name:40} {len(own):7} {len(found):6} {len(right):12} {middle(found):>8} {len(forest):7} {middle(forest):>8}"
        )


def first(run: Run, sound: Run, names: tuple[str, ...] = ()) -> int | None:
    """Hours until the first alarm (of these names) that the sound series does not raise in the same time."""
    news = [
        hours[0] - run.hours.start + 1
        for fault, hours in run.raised.items()
        if (not names or fault in names) and not any(hour in run.hours for hour in sound.raised.get(fault, []))
    ]
    return min(news, default=None)


def first_odd(run: Run, sound: Run, limit: float) -> int | None:
    news = [hour for hour, odd in run.odd.items() if odd > limit]
    quiet = not any(hour in run.hours and odd > limit for hour, odd in sound.odd.items())
    return min(news) - run.hours.start + 1 if news and quiet else None


def limit_of(sound: list[Run], alarms: int) -> float:
    """The lowest limit at which the forest has at most so many alarms; days in a row are one."""
    for limit in sorted({odd for run in sound for odd in run.odd.values()}):
        days = [[odd > limit for _, odd in sorted(run.odd.items())] for run in sound]
        begun = sum(now and not before for one in days for before, now in zip([False, *one], one, strict=False))
        # Where nearly every day is odd, the days in a row are few too.
        if begun <= alarms and np.mean(np.concatenate(days)) <= 0.2:
            return limit
    return float("inf")


def middle(delays: list[int]) -> str:
    return f"{np.median(delays):.0f}" if delays else "-"


if __name__ == "__main__":
    main()
