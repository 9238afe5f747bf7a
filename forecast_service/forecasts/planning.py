"""`plan_forecasts`: when an hour has closed, the scopes it belongs to are forecast anew, each once.

Three conditional updates carry it, so that a crash anywhere repeats a step and never skips one: a series' change is taken up
(planned_revision), its scopes become due (due_until), due plans are handed to the workers (enqueued_at).
"""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from amqp.exceptions import AMQPError  # type: ignore[import-untyped]
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from forecast_service.devices.models import Device
from forecast_service.devices.queries import in_force
from forecast_service.forecasts.models import Plan
from forecast_service.forecasts.scopes import Population, Scope, parse_scope, populate_each
from forecast_service.forecasts.services import UNDONE, plan_again, plan_scopes
from forecast_service.forecasts.tasks import issue_forecasts
from forecast_service.hours.models import Series
from forecast_service.plant_series.models import PlantSeries
from forecast_service.plant_series.queries import TEMPERATURE
from forecast_service.training.models import SavedModel

SERIES_AT_ONCE = 500
PLANS_A_TASK = 300
ASK_AGAIN_AFTER = timedelta(minutes=10)
# A weather service that corrects itself every minute does not keep the workers busy.
WEATHER_AT_MOST_EVERY = timedelta(minutes=10)


def plan_forecasts() -> int:
    """One round; how many series were taken up and plans handed out."""
    return take_up_changes() + take_up_weather() + hand_out()


@transaction.atomic
def take_up_changes() -> int:
    """Make the scopes of changed series due; the number of series."""
    changed = list(
        Series.objects.select_for_update(skip_locked=True)
        .filter(revision__gt=F("planned_revision"))
        .order_by("device_id")
        .values_list("pk", flat=True)[:SERIES_AT_ONCE]
    )
    if not changed:
        return 0
    due = populate_each(_scopes_of(changed))
    plan_scopes(due=[one for one in due.values() if isinstance(one, Population)])
    Series.objects.filter(pk__in=changed).update(planned_revision=F("revision"))
    return len(changed)


@transaction.atomic
def take_up_weather() -> int:
    """Have the scopes of plants with a new temperature forecast once more from the same hour; the number of plants."""
    now = timezone.now()
    rested = Q(planned_at=None) | Q(planned_at__lte=now - WEATHER_AT_MOST_EVERY)
    changed = dict(
        PlantSeries.objects.select_for_update(skip_locked=True)
        .filter(rested, name=TEMPERATURE, revision__gt=F("planned_revision"))
        .order_by("plant_id")
        .values_list("plant_id", "revision")[:SERIES_AT_ONCE]
    )
    if not changed:
        return 0
    devices = Device.live.filter(plant_id__in=changed).values_list("pk", flat=True)
    plan_again(scopes=[(str(scope), kind) for scope, kind in _scopes_of(list(devices))])
    PlantSeries.objects.filter(name=TEMPERATURE, plant_id__in=changed).update(
        planned_revision=F("revision"), planned_at=now
    )
    return len(changed)


def _scopes_of(device_ids: Sequence[uuid.UUID]) -> set[tuple[Scope, str]]:
    devices = {device.pk: device for device in Device.live.filter(pk__in=device_ids)}
    scopes = {(Scope("devices", (device.pk,)), device.kind) for device in devices.values()}
    scopes |= {(Scope("plant", (device.plant_id,)), device.kind) for device in devices.values() if device.plant_id}
    for device_id, user_id in in_force().filter(device_id__in=devices).values_list("device_id", "user_id"):
        scopes.add((Scope("user", (user_id,)), devices[device_id].kind))
    lists = SavedModel.objects.filter(is_current=True, devices__overlap=list(devices), devices__len__gt=1)
    scopes |= {(parse_scope(scope), kind) for scope, kind in lists.values_list("scope", "kind")}
    return scopes


def hand_out() -> int:
    """Ask the workers for what is due and was not asked for lately; the number of plans."""
    now = timezone.now()
    unasked = Q(enqueued_at=None) | Q(enqueued_at__lt=now - ASK_AGAIN_AFTER)
    with transaction.atomic():
        due = list(
            Plan.objects.select_for_update(skip_locked=True)
            .filter(UNDONE, unasked)
            .order_by("due_until", "pk")
            .values_list("pk", flat=True)[: 50 * PLANS_A_TASK]
        )
        Plan.objects.filter(pk__in=due).update(enqueued_at=now)
    for first in range(0, len(due), PLANS_A_TASK):
        try:
            issue_forecasts.delay(due[first : first + PLANS_A_TASK])
        except (BrokerAway, AMQPError, OSError) as error:
            Plan.objects.filter(pk__in=due[first:], enqueued_at=now).update(enqueued_at=None)
            raise ConnectionError(f"the task queue does not answer: {error}") from error
    return len(due)
