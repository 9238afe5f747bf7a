"""What a request asks for: the scope that it names, as far as its caller may see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import Http404
from rest_framework.request import Request

from forecast_service.forecasters.base import NothingToForecastFrom
from forecast_service.forecasts.scopes import Population, Scope, UnknownScope, populate
from service_kit.errors import Conflict


def population_asked(request: Request, scope: Scope, kind: str | None) -> Population:
    """404 for a scope that the caller may not see, 409 with the reason when it has no history."""
    caller: Any = request.user
    try:
        with conflict_when_nothing():
            return populate(scope, caller=caller, kind=kind)
    except UnknownScope:
        raise Http404(f"There is no {scope} that you may see.") from None


@contextmanager
def conflict_when_nothing() -> Iterator[None]:
    try:
        yield
    except NothingToForecastFrom as reason:
        raise Conflict(str(reason)) from None
