"""What the temperature is worth on Victoria's demand, its real course standing in for a perfect weather forecast. Prints; asserts nothing.

    make bench-weather DATA=folder      the folder holds vic_elec_hourly.csv.gz

First the errors of weeks drawn at random, then the alarms of a whole year in which nobody has put a fault: so false ones.
"""

import argparse
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from forecast_service.forecasters.backtest import scale
from forecast_service.forecasters.base import DAY, LONGEST_HISTORY, LONGEST_HORIZON, Floats, History, Place, Temperature
from forecast_service.forecasters.choose import SARIMAX, answer
from forecast_service.forecasters.detection import Finding, findings

HERE = Place("Australia/Melbourne", "AU")
YEAR = 365 * DAY
threadpool_limits(limits=1, user_api="blas")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--weeks", type=int, default=60)
    asked = arguments.parse_args()
    series = pd.read_csv(asked.data / "vic_elec_hourly.csv.gz", index_col=0, parse_dates=True).asfreq("h")
    demand = series["Demand"].to_numpy(float)
    start = series.index[0].to_pydatetime().replace(tzinfo=UTC)
    whole = History(start, demand)
    warm = replace(HERE, temperature=Temperature(start, series["Temperature"].to_numpy(float)))
    compare_weeks(whole, warm, asked.weeks)
    compare_alarms(whole, warm)


def compare_weeks(whole: History, warm: Place, weeks: int) -> None:
    random = np.random.default_rng(1)
    origins = random.integers(LONGEST_HISTORY, len(whole.values) - LONGEST_HORIZON, weeks)
    print(f"{weeks} weeks, error in units of the same hour yesterday     24 h   168 h")
    for name, place in {
        "neither": Place(HERE.zone),
        "holidays": HERE,
        "temperature": replace(warm, country=None),
        "both": warm,
    }.items():
        errors = np.array([errors_from(whole, int(origin), place) for origin in origins])
        print(f"    {name:47} {errors[:, :DAY].mean():8.3f}{errors.mean():8.3f}")


def errors_from(whole: History, origin: int, place: Place) -> Floats:
    history = at(whole, origin)
    told = SARIMAX.forecast(history, LONGEST_HORIZON, place).mean
    return np.abs(told - whole.values[origin:][:LONGEST_HORIZON]) / scale(history.values)


def compare_alarms(whole: History, warm: Place) -> None:
    for name, place in {"without": HERE, "with": warm}.items():
        raised = alarms(whole, place)
        print(f"\na year {name} the temperature: {len(raised)} alarms")
        for one in raised:
            print(f"    {one.fault:20} {one.start:%Y-%m-%d %H:%M} {one.actual_kwh / one.expected_kwh - 1:+.0%}")


def alarms(whole: History, place: Place) -> list[Finding]:
    """Those of the last year, as `look_for_anomalies` raises them: the same fault within a day goes on and is no other."""
    raised: list[Finding] = []
    last_seen: dict[str, Finding] = {}
    for hour in range(len(whole.values) - YEAR, len(whole.values)):
        history = at(whole, hour + 1)
        expected = answer(history.before(DAY), DAY, place).forecast
        for found in findings(history, expected, production=False):
            before = last_seen.get(found.fault)
            if before is None or found.start > before.end + timedelta(days=1):
                raised.append(found)
            last_seen[found.fault] = found
    return raised


def at(whole: History, hour: int) -> History:
    """What is known when so many hours of the series have passed."""
    first = hour - LONGEST_HISTORY
    return History(whole.start + timedelta(hours=first), whole.values[first:hour])


if __name__ == "__main__":
    main()
