"""monitoring_service tells of hours; the highest version of each stays, whatever comes when and how often."""

import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from forecast_service.conftest import NOON
from forecast_service.hours.models import Hour, Series
from forecast_service.hours.queries import values_of
from forecast_service.hours.services import keep_hours
from service_kit.events import ConsumptionHourly, HourState, InvalidEvent

pytestmark = pytest.mark.django_db


def test_the_highest_version_stays(hours):
    meter = uuid.uuid4()
    hours(meter, [1.0], version=2)
    hours(meter, [9.0], version=1)
    hours(meter, [9.5], version=2)
    assert Hour.objects.get().kwh == 1.0
    hours(meter, [2.0], version=3)
    assert Hour.objects.get().kwh == 2.0


def test_of_one_hour_twice_in_an_event_the_newer_counts(deliver):
    meter = uuid.uuid4()
    states = [
        HourState(device_id=meter, start=NOON, kwh=kwh, readings=6, expected=6, quality="measured", version=version)
        for kwh, version in ((1.0, 1), (3.0, 3), (2.0, 2))
    ]
    deliver(ConsumptionHourly(hours=states))
    assert Hour.objects.get().kwh == 3.0


def test_an_event_costs_two_statements_whatever_its_size(hours, django_assert_num_queries):
    with django_assert_num_queries(4):  # a savepoint around the two
        hours(uuid.uuid4(), [1.0] * 1000)
    assert Hour.objects.count() == 1000


def test_history_ends_with_the_last_complete_hour(hours):
    meter = uuid.uuid4()
    hours(meter, [1.0] * 30)
    hours(meter, [0.4], until=NOON + timedelta(hours=1), quality="partial", readings=3)
    assert Series.objects.get().until == NOON
    hours(meter, [0.9], until=NOON + timedelta(hours=1), version=2)
    assert Series.objects.get().until == NOON + timedelta(hours=1)


def test_a_meter_whose_clock_runs_ahead_does_not_move_the_end(hours):
    meter = uuid.uuid4()
    hours(meter, [1.0] * 30)
    tomorrow = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=9)
    hours(meter, [1.0], until=tomorrow)
    assert Series.objects.get().until == NOON


def test_an_hour_taken_back_moves_the_end_back(hours):
    meter = uuid.uuid4()
    hours(meter, [1.0] * 3)
    hours(meter, [None], version=2)
    assert Series.objects.get().until == NOON - timedelta(hours=1)


def test_a_late_change_raises_the_revision_and_a_running_hour_does_not(hours):
    meter = uuid.uuid4()
    hours(meter, [1.0] * 30)
    before = Series.objects.get().revision
    hours(meter, [0.4], until=NOON + timedelta(hours=1), quality="partial", readings=3)
    assert Series.objects.get().revision == before
    hours(meter, [5.0], until=NOON - timedelta(hours=9), version=2, quality="late")
    assert Series.objects.get().revision == before + 1


def test_an_hour_with_half_of_its_readings_counts_in_full_and_with_fewer_not_at_all(hours):
    meter = uuid.uuid4()
    hours(meter, [1.0] * 4)
    hours(meter, [0.5], until=NOON - timedelta(hours=2), version=2, quality="partial", readings=3)
    hours(meter, [0.2], until=NOON - timedelta(hours=1), version=2, quality="partial", readings=2)
    values = values_of([meter], until=NOON, hours=5)[0]
    assert np.array_equal(values, [np.nan, 1.0, 1.0, np.nan, 1.0], equal_nan=True)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"start": NOON + timedelta(minutes=30)}, "not a full UTC hour"),
        ({"kwh": float("inf")}, "not finite"),
    ],
)
def test_an_impossible_hour_is_refused(changed, reason):
    fields = {"start": NOON, "kwh": 1.0, "readings": 6, "expected": 6, "quality": "measured", "version": 1} | changed
    hour = HourState(device_id=uuid.uuid4(), **fields)
    with pytest.raises(InvalidEvent, match=reason):
        keep_hours(hours=[hour])
    assert not Hour.objects.exists()
