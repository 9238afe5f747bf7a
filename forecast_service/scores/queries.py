"""How a scope's forecasts of the last 30 days did."""

from dataclasses import dataclass
from datetime import UTC, date, timedelta

from forecast_service.forecasters import base
from forecast_service.forecasters.backtest import scale
from forecast_service.forecasters.base import DAY, LONGEST_HISTORY, LONGEST_HORIZON
from forecast_service.forecasters.scoring import BUCKETS, Score, hold, score
from forecast_service.forecasts.models import Forecast
from forecast_service.forecasts.pipeline import histories_of
from forecast_service.forecasts.scopes import Population
from service_kit.words import energy

DAYS = 30
HOUR = timedelta(hours=1)
NOTHING_YET = "No forecast of the last 30 days has come to its hours yet."


@dataclass(frozen=True, slots=True)
class ModelScore:
    """`overall` is over the whole week ahead, `by_horizon` over parts of it."""

    model: str
    forecasts: int
    overall: Score
    by_horizon: list[Score]


@dataclass(frozen=True, slots=True)
class Scorecard:
    """next_day: of all models together, one to 24 hours ahead. better_than_...: by which share its error is smaller."""

    scope: str
    kind: str
    days: int
    forecasts: int
    said: str
    better_than_yesterday: float | None
    better_than_last_week: float | None
    next_day: Score
    models: list[ModelScore]


def scorecard(population: Population) -> Scorecard:
    """One forecast a day counts, the first: taking all of them would weigh the days that keep every hour's."""
    rows = _first_of_each_day(population)
    history = histories_of([population], hours=LONGEST_HISTORY)[0]
    placed = [(int((row.history_until - history.start) // HOUR), row) for row in rows]
    placed = [(origin, row) for origin, row in placed if origin >= DAY]
    held = hold([(origin, _forecast(row)) for origin, row in placed], history, population.place)
    size = scale(history.values)
    by_model: dict[str, list[int]] = {}
    for number, (_, row) in enumerate(placed):
        by_model.setdefault(row.model, []).append(number)
    next_day = score(held, size, 0, DAY)
    yesterday, last_week = (_gain(next_day, naive) for naive in (next_day.mase_yesterday, next_day.mase_last_week))
    return Scorecard(
        scope=population.scope,
        kind=population.kind,
        days=DAYS,
        forecasts=len(placed),
        said=_said(next_day, yesterday, last_week),
        better_than_yesterday=yesterday,
        better_than_last_week=last_week,
        next_day=next_day,
        models=[
            ModelScore(
                model=model,
                forecasts=len(numbers),
                overall=score(held.of(numbers), size, 0, LONGEST_HORIZON),
                by_horizon=[score(held.of(numbers), size, *bucket) for bucket in BUCKETS],
            )
            for model, numbers in sorted(by_model.items())
        ],
    )


def _first_of_each_day(population: Population) -> list[Forecast]:
    since = population.until - timedelta(days=DAYS)
    rows = Forecast.objects.filter(
        scope=population.scope, kind=population.kind, history_until__gte=since, history_until__lt=population.until
    )
    first: dict[date, int] = {}
    for pk, until in rows.order_by("history_until").values_list("pk", "history_until"):
        first.setdefault(until.astimezone(UTC).date(), pk)
    return list(Forecast.objects.filter(pk__in=first.values()).order_by("history_until"))


def _forecast(row: Forecast) -> base.Forecast:
    arrays = (row.kwh, row.lower_80, row.upper_80, row.lower_95, row.upper_95)
    return base.Forecast(*(base.floats(one) for one in arrays))


def _gain(own: Score, naive: float | None) -> float | None:
    return 1 - own.mase / naive if own.mase is not None and naive else None


def _said(own: Score, yesterday: float | None, last_week: float | None) -> str:
    if own.mae_kwh is None:
        return NOTHING_YET
    told = f"A day ahead, an hour was missed by {energy(own.mae_kwh)} on average"
    compared = [
        f"{abs(gain):.0%} {'less' if gain >= 0 else 'more'} than by “the same hour {name}”"
        for gain, name in ((yesterday, "yesterday"), (last_week, "last week"))
        if gain is not None
    ]
    return f"{told}: {' and '.join(compared)}." if compared else f"{told}."
