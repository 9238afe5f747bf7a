"""Given readings in any order, number and company, when they are stored, then the hours are those of the set."""

import random
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from monitoring_service.conftest import (
    DAY,
    METER,
    TEN_MINUTES,
    device_event,
    eventually,
    reading,
    somebody_waits_for_a_lock,
    ten_minutes,
)
from monitoring_service.hours.energy import Quality, State
from monitoring_service.hours.models import Hour
from monitoring_service.readings.models import LastReading, MetricReading, Reading, SupersededValue
from service_kit.events import DeviceDeleted

pytestmark = pytest.mark.django_db
Hours = Callable[..., dict[datetime, Any]]
Send = Callable[..., Any]


def test_six_readings_become_a_measured_hour(meter: uuid.UUID, send: Send, hours: Hours) -> None:
    stored = send(ten_minutes(DAY, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]))

    hour = hours()[DAY]
    assert (stored.accepted, stored.duplicates, stored.refusals) == (6, 0, [])
    assert hour.kwh == pytest.approx(2.1, abs=1e-12)
    assert (hour.readings, hour.expected, hour.quality, hour.version) == (6, 6, Quality.MEASURED, 1)
    assert (hour.q1, hour.q4) == (pytest.approx(0.1 + 0.1), pytest.approx(0.25 + 0.6))


def test_the_same_readings_again_change_nothing(meter: uuid.UUID, send: Send, hours: Hours) -> None:
    send(ten_minutes(DAY, [0.1] * 6))

    again = send(ten_minutes(DAY, [0.1] * 6), ten_minutes(DAY, [0.1] * 6))

    assert (again.accepted, again.duplicates) == (0, 12)
    assert hours()[DAY].version == 1


def test_readings_over_a_month_make_the_months_they_need(meter: uuid.UUID, send: Send, hours: Hours) -> None:
    first = datetime(2000, 1, 1, tzinfo=UTC)
    newyear = datetime(2025, 12, 31, 23, 50, tzinfo=UTC)

    send(reading(first, 0.1), ten_minutes(newyear, [0.1, 0.1]))

    assert set(hours()) == {
        first - timedelta(hours=1),
        newyear - timedelta(minutes=50),
        datetime(2026, 1, 1, tzinfo=UTC),
    }


def test_a_correction_replaces_and_is_kept_in_history(meter: uuid.UUID, send: Send, hours: Hours) -> None:
    send(ten_minutes(DAY, [0.1] * 6))

    stored = send(reading(DAY + TEN_MINUTES, 0.5))

    assert stored.accepted == 1
    assert hours()[DAY].kwh == pytest.approx(1.0)
    assert (hours()[DAY].version, hours()[DAY].quality) == (2, Quality.LATE)
    assert hours()[DAY].revised_at is not None
    assert SupersededValue.objects.values_list("value", flat=True).get() == 0.1


def test_a_redelivered_superseded_value_does_not_come_back(meter: uuid.UUID, send: Send, hours: Hours) -> None:
    send(reading(DAY + TEN_MINUTES, 0.1))
    send(reading(DAY + TEN_MINUTES, 0.5))

    stored = send(reading(DAY + TEN_MINUTES, 0.1))

    assert (stored.accepted, stored.duplicates) == (0, 1)
    assert hours()[DAY].kwh == pytest.approx(0.5)


def test_a_value_and_its_correction_in_one_batch_end_as_the_correction(
    meter: uuid.UUID, send: Send, hours: Hours
) -> None:
    at = DAY + TEN_MINUTES

    send(reading(at, 0.1), reading(at, 0.5), reading(at, 0.1))

    assert hours()[DAY].kwh == pytest.approx(0.5)
    assert SupersededValue.objects.count() == 1


def test_new_late_corrected_and_repeated_readings_of_one_batch(meter: uuid.UUID, send: Send, hours: Hours) -> None:
    send(ten_minutes(DAY, [0.1] * 6))
    later = ten_minutes(DAY + timedelta(hours=2), [0.2] * 6)

    stored = send(later, reading(DAY - TEN_MINUTES, 0.4), ten_minutes(DAY, [0.1] * 5 + [0.3]), later)

    assert (stored.accepted, stored.duplicates) == (6 + 1 + 1, 5 + 6)
    energy = {start: pytest.approx(hour.kwh) for start, hour in hours().items()}
    an_hour = timedelta(hours=1)
    assert energy == {DAY - an_hour: 0.4, DAY: 0.8, DAY + 2 * an_hour: 1.2}
    assert LastReading.objects.get().at == DAY + 3 * an_hour


@pytest.mark.django_db(transaction=True)
def test_whoever_waited_for_another_writer_finds_what_that_one_stored(
    meter: uuid.UUID, send: Send, hours: Hours
) -> None:
    send(reading(DAY, 0.1))
    stored: list[Any] = []

    def second() -> None:
        stored.append(send(ten_minutes(DAY, [0.1] * 6 + [0.2] * 6)))
        connection.close()

    other = threading.Thread(target=second)
    with transaction.atomic():
        send(ten_minutes(DAY, [0.1] * 6))
        other.start()
        eventually("the second waits for the first", somebody_waits_for_a_lock)
    other.join(30)

    assert [(each.accepted, each.duplicates) for each in stored] == [(6, 6)]
    assert [hour.kwh for hour in hours().values()] == [pytest.approx(each) for each in (0.1, 0.6, 1.2)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
@pytest.mark.parametrize("at_once", [True, False])
def test_the_highest_revision_stays(
    meter: uuid.UUID, send: Send, hours: Hours, order: tuple[int, ...], at_once: bool
) -> None:
    revisions = [reading(DAY + TEN_MINUTES, 0.1 * (n + 1), revision=n) for n in range(3)]
    arriving = [revisions[n] for n in order]

    for batch in [arriving] if at_once else [[one] for one in arriving]:
        send(*batch)

    assert hours()[DAY].kwh == pytest.approx(0.3)


def test_late_readings_land_in_their_own_hour_and_the_newest_stays_newest(
    meter: uuid.UUID, send: Send, hours: Hours
) -> None:
    send(ten_minutes(DAY + timedelta(hours=5), [0.2] * 6))
    send(ten_minutes(DAY, [0.1] * 6))

    assert hours()[DAY].kwh == pytest.approx(0.6)
    # Filled late, but never complete before: nobody was told another number.
    assert hours()[DAY].quality == Quality.MEASURED
    assert LastReading.objects.get().at == DAY + timedelta(hours=6)


def test_a_gap_that_is_filled_later_was_an_estimate_and_no_revision(
    deliver: Callable[..., None], send: Send, hours: Hours
) -> None:
    deliver(device_event(reading="register_kwh"))
    counts = [reading(DAY + TEN_MINUTES * n, 100 + n / 10) for n in range(19)]
    send(counts[:7], counts[18])
    assert hours()[DAY + timedelta(hours=1)].quality == Quality.ESTIMATED

    send(counts[7:18])

    filled = hours()[DAY + timedelta(hours=1)]
    assert (filled.quality, filled.revised_at) == (Quality.MEASURED, None)
    assert filled.kwh == pytest.approx(0.6)


@pytest.mark.parametrize("kind", ["interval_kwh", "power_w", "register_kwh"])
def test_any_order_doubling_and_batching_gives_the_same_hours(
    deliver: Callable[..., None], send: Send, hours: Hours, kind: str
) -> None:
    chance = random.Random(7)
    count, values = 100.0, []
    for n in range(150):
        count = 3.0 if n == 90 else count + chance.random()  # the register restarts once
        values.append({"interval_kwh": chance.random(), "power_w": 900 * chance.random(), "register_kwh": count}[kind])
    values[40] *= 0.95 if kind == "register_kwh" else 1  # and dips once
    orders = {}
    for n, name in enumerate(("in order, at once", "shuffled, at once", "backwards, in sevens", "shuffled, in threes")):
        device_id = uuid.UUID(int=n + 1)
        deliver(device_event(device_id, reading=kind))
        rows = [
            reading(DAY + timedelta(minutes=7 * i), value, device_id)
            for i, value in enumerate(values)
            if i % 11 != 5  # with gaps
        ]
        if "shuffled" in name:
            rows += chance.choices(rows, k=30)
            chance.shuffle(rows)
        if "backwards" in name:
            rows.reverse()
        size = {"at once": len(rows), "in sevens": 7, "in threes": 3}[name.split(", ")[1]]
        for first in range(0, len(rows), size):
            send(*rows[first : first + size])
        orders[name] = [
            (h.start, h.q1, h.q2, h.q3, h.q4, h.readings, h.whole, Quality(h.quality))
            for h in hours(device_id).values()
        ]

    expected = orders["in order, at once"]
    for name, found in orders.items():
        # Back-fill and shuffles may revise what was complete before, which is all that `late` says.
        assert [row[:-1] for row in found] == [row[:-1] for row in expected], name
        assert [_unrevised(row[-1]) for row in found] == [_unrevised(row[-1]) for row in expected], name


def _unrevised(quality: Quality) -> Quality:
    return Quality.MEASURED if quality == Quality.LATE else quality


def test_a_late_higher_count_turns_a_stored_one_into_a_dip(
    deliver: Callable[..., None], send: Send, hours: Hours
) -> None:
    deliver(device_event(reading="register_kwh"))
    send(reading(DAY, 100), reading(DAY + 3 * TEN_MINUTES, 103), reading(DAY + 9 * TEN_MINUTES, 109))

    send(reading(DAY + 2 * TEN_MINUTES, 106))

    assert Reading.objects.get(at=DAY + 3 * TEN_MINUTES).state == State.HELD_DIP
    assert sum(hour.kwh or 0 for hour in hours().values()) == pytest.approx(9)
    assert hours()[DAY].kwh == pytest.approx(6 + 3 * 40 / 70)


def test_metrics_are_stored_beside_the_value(meter: uuid.UUID, send: Send) -> None:
    voltage = {"voltage": {"value": 231.4, "unit": "V"}}

    first = send(reading(DAY + TEN_MINUTES, 0.1, metrics=voltage))
    again = send({"timestamp": (DAY + TEN_MINUTES).isoformat(), "device_id": str(METER), "metrics": voltage})

    assert (first.accepted, again.duplicates) == (2, 1)
    stored = MetricReading.objects.get()
    assert (stored.name, stored.value, stored.unit) == ("voltage", 231.4, "V")


@pytest.mark.parametrize(
    ("device", "message", "reason"),
    [
        ({}, {"measurement_value": -0.1}, "interval_kwh -0.1 is negative"),
        ({"reading": "register_kwh"}, {"measurement_value": -5}, "register_kwh -5 is negative"),
        ({"reading": "power_w"}, {"power": -5}, "only a grid_import device may send"),
        ({}, {"power": 100}, "send measurement_value in kWh"),
    ],
)
def test_what_a_device_cannot_have_sent_is_refused(
    deliver: Callable[..., None], send: Send, device: dict[str, Any], message: dict[str, Any], reason: str
) -> None:
    deliver(device_event(**device))
    bad = {"timestamp": DAY.isoformat(), "device_id": str(METER), **message}

    stored = send([bad, {**bad, **{key: 1.0 for key in message if key == "measurement_value"}}])

    assert reason in stored.refusals[0].reason
    assert stored.accepted == ("measurement_value" in message)


def test_export_shows_as_negative_power_of_a_grid_import_meter(
    deliver: Callable[..., None], send: Send, hours: Hours
) -> None:
    deliver(device_event(kind="grid_import", reading="power_w"))

    send(
        *({"timestamp": (DAY + TEN_MINUTES * n).isoformat(), "device_id": str(METER), "power": -600} for n in range(7))
    )

    assert hours()[DAY].kwh == 0


def test_readings_of_a_deleted_device_are_refused(meter: uuid.UUID, deliver: Callable[..., None], send: Send) -> None:
    deliver(DeviceDeleted(id=METER), version=2)

    stored = send(reading(DAY, 0.1))

    assert "was deleted" in stored.refusals[0].reason
    assert not Hour.objects.exists()


def test_a_grid_meter_of_signed_power_keeps_its_export_beside_its_import(
    deliver: Callable[..., None], send: Send, hours: Hours
) -> None:
    deliver(device_event(kind="grid_import", reading="power_w"))
    rows = [
        {"timestamp": (DAY + TEN_MINUTES * n).isoformat(), "device_id": str(METER), "power": -1200} for n in range(7)
    ]

    send(*rows)

    hour = hours()[DAY]
    assert (hour.kwh, hour.quality) == (0, Quality.MEASURED)
    assert hour.x1 + hour.x2 + hour.x3 + hour.x4 == pytest.approx(1.2)

    send({**rows[6], "power": 1200})
    assert hours()[DAY].kwh == pytest.approx(0.05)
    assert hours()[DAY].x4 == pytest.approx(0.1 + 0.05)
