"""What changes in a plant's series is told in the same transaction: what is known of each hour, under the version of the series."""

import uuid
from datetime import datetime, timedelta

import pytest

from monitoring_service.conftest import DAY
from monitoring_service.series.models import Series
from monitoring_service.series.resync import OwnedSeries
from monitoring_service.series.services import HOURS_AN_EVENT, OtherUnit, store_series
from service_kit.events import SeriesUpdated, decode
from service_kit.models import OutboxEvent

pytestmark = pytest.mark.django_db
PLANT = uuid.UUID(int=7)


def store(*values: float, issued_at: datetime | None = None, name: str = "temperature", unit: str = "°C") -> int:
    hours = [(DAY + timedelta(hours=n), value) for n, value in enumerate(values)]
    return store_series(plant_id=PLANT, name=name, unit=unit, issued_at=issued_at, values=hours)


def told() -> list[tuple[int, list[float]]]:
    """(version, values) of each event in the outbox, which is emptied."""
    envelopes = [decode(bytes(row.body)) for row in OutboxEvent.objects.order_by("pk")]
    OutboxEvent.objects.all().delete()
    found = []
    for envelope in envelopes:
        assert isinstance(envelope.event, SeriesUpdated)
        found.append((envelope.version, [hour.value for hour in envelope.event.hours]))
    return found


def test_changed_hours_are_told_as_what_is_known_of_them_now() -> None:
    store(10, 11, 12, issued_at=DAY)
    assert told() == [(1, [10, 11, 12])]
    store(9)
    assert told() == [(2, [9])]
    store(20, 21, issued_at=DAY + timedelta(hours=1))
    assert told() == [(3, [9, 21])]


def test_what_changes_nothing_is_not_told() -> None:
    store(10, 11)
    told()
    assert store(10, 11) == 0
    assert told() == []
    assert Series.objects.get().changes == 1


def test_another_unit_is_refused_and_nothing_is_told() -> None:
    store(10)
    told()
    with pytest.raises(OtherUnit, match="measured in °C, not in K"):
        store(283.15, unit="K")
    assert told() == []


def test_a_long_series_goes_out_in_batches_of_which_each_names_the_one_before() -> None:
    store(20)
    told()
    store(*range(HOURS_AN_EVENT + 5))
    events = [decode(bytes(row.body)) for row in OutboxEvent.objects.order_by("pk")]
    batches = [(one.version, one.event) for one in events if isinstance(one.event, SeriesUpdated)]
    assert [(version, event.after, len(event.hours)) for version, event in batches] == [
        (2, 1, HOURS_AN_EVENT),
        (3, 2, 5),
    ]


def test_resync_tells_all_of_a_series_as_something_that_follows_nothing() -> None:
    store(10, 11)
    store(9)
    store(0.3, name="price", unit="EUR/kWh")
    told()
    owned = OwnedSeries()
    assert owned.resync([f"{PLANT}/temperature"]) == 1
    assert [decode(bytes(row.body)).event.after for row in OutboxEvent.objects.all()] == [0]  # type: ignore[attr-defined]
    assert told() == [(3, [9, 11])]
    assert owned.resync(None) == 2
    assert told() == [(2, [0.3]), (4, [9, 11])]


def test_series_are_compared_by_plant_and_name() -> None:
    store(10)
    owned = OwnedSeries()
    key = f"{PLANT}/temperature"
    assert [(row[0], row[1]) for row in owned.versions()] == [(key, 1)]
    assert owned.known([key, "else"]) == {key}
