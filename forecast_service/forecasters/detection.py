"""What is wrong with a meter or with what it measures: the last day against its forecast, and the last days against those before.

Each rule is held back while one of the hours it looks at is not known. The limits were settled on the middle month of the panel's
series so that a sound meter has less than one alarm a month there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

from forecast_service.forecasters.base import DAY, Floats, Forecast, History

Fault = Literal[
    "spike", "unusually_high", "unusually_low", "no_consumption", "meter_stuck", "base_load_up", "base_load_crept_up",
    "production_lost", "production_reduced",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Advice:
    """kind: "fault" when meter or plant may be broken, "anomaly" when the habit changed. title: without a full stop."""

    kind: Literal["anomaly", "fault"]
    severity: Literal["low", "medium", "high"]
    title: str
    recommendation: str


ADVICE: dict[str, Advice] = {
    "spike": Advice(
        "anomaly", "low", "One hour far above all others",
        "If nothing big ran, check the meter and its readings.",
    ),
    "unusually_high": Advice(
        "anomaly", "medium", "More than is used at such hours",
        "Look for an appliance that was left on.",
    ),
    "unusually_low": Advice(
        "anomaly", "low", "Less than is used at such hours",
        "Look for an appliance or a circuit that is off.",
    ),
    "no_consumption": Advice(
        "fault", "high", "Nothing at all is used, which never happened for so long",
        "Check the supply, the fuse and the meter.",
    ),
    "meter_stuck": Advice(
        "fault", "high", "The meter says the same number hour after hour",
        "Check the meter and its connection.",
    ),
    "base_load_up": Advice(
        "anomaly", "medium", "Since a few days more is used even in the quietest hours",
        "Look for what now runs day and night.",
    ),
    "base_load_crept_up": Advice(
        "anomaly", "medium", "The quietest hours have used more and more over weeks",
        "Look for a failing fridge, pump or heater.",
    ),
    "production_lost": Advice(
        "fault", "high", "Nothing was produced for a whole day",
        "Check the inverter and its fuse.",
    ),
    "production_reduced": Advice(
        "fault", "medium", "The best hours bring clearly less than in the weeks before",
        "Check the strings, shade and dirt.",
    ),
}  # fmt: skip

# What is judged by the forecast; the others by the meter's own past.
AGAINST_FORECAST: frozenset[Fault] = frozenset(("spike", "unusually_high", "unusually_low"))
# The 99% limit lies this much further from the median than the 95% one (normal: 1.31; errors of homes have longer tails).
WIDER = 1.6
RUN = 4
# A run must be worth this share of a day's energy, a single hour that share and so many times the way to its limit.
RUN_SHARE, SPIKE_SHARE, SPIKE_TIMES = 0.10, 0.25, 4.0
ZERO_RUN, STUCK_RUN = 6, 12
REFERENCE_DAYS = 28
BASE_HOURS, BASE_DAYS, BASE_RISE, BASE_SHARE = 4, 3, 1.35, 0.10
CREEP_RISE = 1.35
PRODUCTION_DROP = 0.75


@dataclass(frozen=True, slots=True)
class Finding:
    """`confidence` is between 0 and 1: how far beyond its limit it lies."""

    fault: Fault
    start: datetime
    end: datetime
    expected_kwh: float
    actual_kwh: float
    confidence: float


def findings(history: History, expected: Forecast, *, production: bool) -> list[Finding]:
    """What the last hours show. expected: of the last 24 hours, forecast before they came."""
    # A dark day is weather: panels are held against their own weeks alone.
    found = [] if production else [*_against_forecast(history, expected)]
    days = history.values[len(history.values) % DAY :].reshape(-1, DAY)
    if len(days) > REFERENCE_DAYS // 2:
        found += [*(_of_production(history, days) if production else _of_consumption(history, days))]
    return found


def _against_forecast(history: History, expected: Forecast) -> Iterator[Finding]:
    last = history.values[-DAY:]
    typical_day = float(np.nanmean(history.values)) * DAY
    if np.isnan(last[-1]) or typical_day <= 0:
        return
    high = expected.mean + WIDER * (expected.upper_95 - expected.mean)
    low = expected.mean - WIDER * (expected.mean - expected.lower_95)
    for outside, limit, fault in ((last > high, high, "unusually_high"), (last < low, low, "unusually_low")):
        run = _run_at_end(outside)
        missed = abs(float((last - expected.mean)[-run:].sum())) if run else 0.0
        beyond = float(np.abs(last - expected.mean)[-1] / max(abs(limit - expected.mean)[-1], 1e-9))
        if run >= RUN and missed >= RUN_SHARE * typical_day:
            yield _finding(fault, history, run, expected.mean, 1 - 0.5 ** (run / RUN))  # type: ignore[arg-type]
        elif (
            0 < run < RUN
            and fault == "unusually_high"
            and beyond >= SPIKE_TIMES
            and missed >= SPIKE_SHARE * typical_day
        ):
            yield _finding("spike", history, run, expected.mean, 1 - 1 / beyond)


def _of_consumption(history: History, days: Floats) -> Iterator[Finding]:
    values = history.values
    before = values[: -ZERO_RUN * 2]
    zeros, stuck = _run_at_end(values == 0), _run_at_end(np.append(False, np.diff(values) == 0))
    if zeros >= ZERO_RUN and _longest_run(before[: len(values) - zeros] == 0) < ZERO_RUN // 2:
        yield _level("no_consumption", history, zeros, days, 1 - 0.5 ** (zeros / ZERO_RUN))
    steady = np.append(False, np.diff(values[: len(values) - stuck - 1]) == 0)
    if not zeros and stuck >= STUCK_RUN and _longest_run(steady) < STUCK_RUN // 2:
        yield _level("meter_stuck", history, stuck + 1, days, 1 - 0.5 ** (stuck / STUCK_RUN))
    base = np.sort(days, axis=1)[:, :BASE_HOURS].mean(axis=1)
    base[np.isnan(days).any(axis=1)] = np.nan
    recent, earlier = base[-BASE_DAYS:], base[-BASE_DAYS - REFERENCE_DAYS : -BASE_DAYS]
    earlier = earlier[~np.isnan(earlier)]
    typical_day = float(np.nanmean(values)) * DAY
    if np.isnan(recent).any() or len(earlier) < REFERENCE_DAYS // 2:
        return
    usual, rise = float(np.median(earlier)), float(recent.min() - np.median(earlier))
    if recent.min() > max(BASE_RISE * usual, float(earlier.max())) and rise * DAY >= BASE_SHARE * typical_day:
        yield _level("base_load_up", history, BASE_DAYS * DAY, days, min(rise / (usual + 1e-9), 1.0))
        return
    week, month_ago = base[-7:], base[-49:-28]
    if len(base) >= 49 and not np.isnan(week).any() and np.count_nonzero(~np.isnan(month_ago)) > 14:
        now, then = float(np.median(week)), float(np.nanmedian(month_ago))
        beyond_chance = now > float(np.nanquantile(month_ago, 0.95)) and week.min() > then
        if now > CREEP_RISE * then and beyond_chance and (now - then) * DAY >= BASE_SHARE / 2 * typical_day:
            yield _level("base_load_crept_up", history, 7 * DAY, days, min((now - then) / (then + 1e-9), 1.0))


def _of_production(history: History, days: Floats) -> Iterator[Finding]:
    whole = days[~np.isnan(days).any(axis=1)]
    reference = whole[-REFERENCE_DAYS - 1 : -1]
    if len(reference) < REFERENCE_DAYS // 2 or np.isnan(days[-1]).any():
        return
    totals = reference.sum(axis=1)
    if days[-1].sum() == 0 and totals.min() > 0:
        yield _level("production_lost", history, DAY, days, 1.0)
        return
    weeks = whole[len(whole) % 7 :].reshape(-1, 7, DAY).max(axis=(1, 2))
    if len(weeks) >= 4 and len(whole) == len(days):
        best, earlier = weeks[-1], weeks[-5:-1]
        if best < PRODUCTION_DROP * float(np.median(earlier)) and best < 0.85 * float(earlier.min()):
            yield _level("production_reduced", history, 7 * DAY, days, float(1 - best / np.median(earlier)))


def _finding(fault: Fault, history: History, hours: int, expected: Floats, confidence: float) -> Finding:
    return Finding(
        fault=fault,
        start=history.end - timedelta(hours=hours),
        end=history.end,
        expected_kwh=float(expected[-hours:].sum()),
        actual_kwh=float(history.values[-hours:].sum()),
        confidence=confidence,
    )


def _level(fault: Fault, history: History, hours: int, days: Floats, confidence: float) -> Finding:
    """What was expected of these last hours is the usual day before them."""
    count = -(-hours // DAY)
    usual = np.nanmedian(days[-count - REFERENCE_DAYS : -count], axis=0)
    return _finding(fault, history, hours, np.tile(usual, count), confidence)


def _run_at_end(true: np.ndarray) -> int:
    """How many of the last ones hold without a break."""
    broken = np.flatnonzero(~true[::-1])
    return int(broken[0]) if len(broken) else len(true)


def _longest_run(true: np.ndarray) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], true.astype(int), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))
