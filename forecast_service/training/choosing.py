"""Which forecaster a scope's next forecast is made with: the saved model's, else the one that a backtest chooses now."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from django.utils import timezone

from forecast_service.forecasters.backtest import Accuracy, Choice, choose_each
from forecast_service.forecasters.base import Forecaster, History, Place
from forecast_service.forecasters.choose import SARIMAX
from forecast_service.forecasters.seasonal_naive import LAST_WEEK, YESTERDAY
from forecast_service.forecasts.scopes import Population, parse_scope
from forecast_service.training.models import SavedModel
from forecast_service.training.queries import CHOOSE_AGAIN_AFTER, Key, key

AUTO = "auto"
# A choice costs as much as ten forecasts. Of a hundred scopes forecast together so many choose, the others in the next hours:
# the hour in which ten thousand meters are new costs little more than any other.
CHOICES_AT_ONCE = 8
# Tried on every scope every day, so each of them costs a few milliseconds.
ROUTINE: tuple[Forecaster, ...] = (SARIMAX, YESTERDAY, LAST_WEEK)


def due_for_choice(population: Population, model: SavedModel | None) -> bool:
    """Whether nobody has chosen yet, or the workers' own choice is a day old."""
    if model is None:
        return True
    return model.created_by is None and model.history_until <= population.until - CHOOSE_AGAIN_AFTER


def choose_for(
    populations: Sequence[Population], histories: Sequence[History], models: Mapping[Key, SavedModel]
) -> dict[Key, SavedModel]:
    """The models of the scopes whose turn to choose it is: new or changed, and not saved yet."""
    due = [n for n, one in enumerate(populations) if due_for_choice(one, models.get(key(one)))]
    due.sort(key=lambda n: _chosen_from(models.get(key(populations[n]))))
    alike: dict[Place, list[int]] = defaultdict(list)
    for number in due[:CHOICES_AT_ONCE]:
        alike[populations[number].place].append(number)
    chosen: dict[Key, SavedModel] = {}
    for place, numbers in alike.items():
        choices = choose_each([histories[number] for number in numbers], place, ROUTINE)
        for number, choice in zip(numbers, choices, strict=True):
            population = populations[number]
            model = models.get(key(population)) or new_model(population, asked=AUTO)
            chosen[key(population)] = take(model, choice, population)
    return chosen


def _chosen_from(model: SavedModel | None) -> datetime:
    """Who never chose comes first."""
    return model.history_until if model else datetime.min.replace(tzinfo=UTC)


def take(model: SavedModel, choice: Choice, population: Population) -> SavedModel:
    model.forecaster, model.reason = choice.model, choice.reason
    model.errors = {name: asdict(one) for name, one in choice.errors.items()}
    model.history_until, model.trained_at = population.until, timezone.now()
    return model


def new_model(population: Population, *, asked: str) -> SavedModel:
    scope = parse_scope(population.scope)
    devices = list(scope.ids) if scope.what == "devices" else []
    return SavedModel(scope=population.scope, kind=population.kind, asked=asked, devices=devices)


def accuracy_of(model: SavedModel | None, forecaster: str) -> Accuracy | None:
    """What the backtest of the scope's model gave for this forecaster."""
    measured = model.errors.get(forecaster) if model else None
    return Accuracy(**measured) if measured else None
