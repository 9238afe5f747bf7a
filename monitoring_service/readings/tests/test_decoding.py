"""Every form of message, and every way to get it wrong: each refusal says what was found, and its neighbours stay."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_service.readings.checks import to_us
from monitoring_service.readings.decoding import MAX_BODY_BYTES, Readings, decode

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DEVICE = "11111111-1111-4111-8111-111111111111"
GOOD = {"timestamp": "2026-03-10T10:00:00Z", "device_id": DEVICE, "measurement_value": 0.25}


def decoded(body: Any) -> Readings:
    readings = Readings()
    decode(body if isinstance(body, bytes) else json.dumps(body).encode(), readings, now_us=to_us(NOW))
    return readings


def rows(readings: Readings) -> list[tuple[str, datetime, float]]:
    return [
        (str(readings.devices[device]), datetime.fromtimestamp(at / 1e6, UTC), value)
        for device, at, value in zip(readings.device, readings.at_us, readings.value, strict=True)
    ]


@pytest.mark.parametrize(
    ("stamp", "instant"),
    [
        ("2026-03-10T10:00:00Z", datetime(2026, 3, 10, 10, tzinfo=UTC)),
        ("2026-03-10T10:00:00+05:30", datetime(2026, 3, 10, 4, 30, tzinfo=UTC)),
        ("2026-03-10T10:00:00.250-01:00", datetime(2026, 3, 10, 11, 0, 0, 250_000, tzinfo=UTC)),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1, tzinfo=UTC)),
        ("2026-03-11T12:00:00Z", NOW + timedelta(hours=24)),
    ],
)
def test_an_instant_is_one_whatever_its_offset(stamp: str, instant: datetime) -> None:
    assert rows(decoded({**GOOD, "timestamp": stamp})) == [(DEVICE, instant, 0.25)]


def test_all_forms_of_the_contract() -> None:
    power = {"timestamp": GOOD["timestamp"], "device_id": DEVICE, "power": 1250}
    metrics = {"timestamp": GOOD["timestamp"], "device_id": DEVICE, "metrics": {"voltage": {"value": 231, "unit": "V"}}}
    array = {"device_id": DEVICE, "readings": [["2026-03-10T10:10:00Z", 1], ["2026-03-10T10:20:00Z", 2.5]]}

    found = decoded([GOOD, power, metrics, array, {**GOOD, **metrics}])

    assert found.refusals == []
    assert found.value == [0.25, 1250, 1, 2.5, 0.25]
    assert found.is_power == [False, True, False, False, False]
    assert [(m.name, m.value, m.unit) for m in found.metrics] == [("voltage", 231, "V")] * 2
    assert found.index == [0, 1, 3, 3, 4]
    assert decoded(GOOD).value == [0.25]
    assert decoded(array).value == [1, 2.5]


def changed(**fields: Any) -> dict[str, Any]:
    return {**GOOD, **fields}


def without(field: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name != field}


BAD_READINGS = {
    "no offset": (changed(timestamp="2026-03-10T10:00:00"), "2026-03-10T10:00:00"),
    "no time": (changed(timestamp="2026-03-10"), "RFC 3339"),
    "no such day": (changed(timestamp="2026-02-30T10:00:00Z"), "2026-02-30"),
    "leap second": (changed(timestamp="2016-12-31T23:59:60Z"), "2016-12-31T23:59:60Z"),
    "words": (changed(timestamp="yesterday"), "yesterday"),
    "seconds since 1970": (changed(timestamp=1773136800), "1773136800"),
    "null time": (changed(timestamp=None), "timestamp null"),
    "list as time": (changed(timestamp=["2026"]), "timestamp"),
    "time missing": (without("timestamp"), "timestamp null"),
    "far past": (changed(timestamp="1999-12-31T23:59:59Z"), "before 2000"),
    "year one": (changed(timestamp="0001-01-01T00:00:00+14:00"), "before 2000"),
    "more than a day ahead": (changed(timestamp="2026-03-11T12:00:01Z"), "24 h ahead"),
    "year 9999": (changed(timestamp="9999-12-31T23:59:59-14:00"), "24 h ahead"),
    "number as text": (changed(measurement_value="0.25"), 'measurement_value "0.25"'),
    "null value": (changed(measurement_value=None), "measurement_value null"),
    "true": (changed(measurement_value=True), "measurement_value true"),
    "NaN": (changed(measurement_value=float("nan")), "not a finite number"),
    "infinite": (changed(measurement_value=float("inf")), "not a finite number"),
    "minus infinite": (changed(measurement_value=float("-inf")), "not a finite number"),
    "beyond a double": (changed(measurement_value=10**400), "not a finite number"),
    "beyond any meter": (changed(measurement_value=1e300), "beyond any meter"),
    "object as value": (changed(measurement_value={"kwh": 1}), "not a number"),
    "value missing": (without("measurement_value"), "no value"),
    "two values": (changed(power=5), "send one of them"),
    "device missing": (without("device_id"), "device_id null"),
    "device no UUID": (changed(device_id="meter-7"), "meter-7"),
    "device a number": (changed(device_id=7), "device_id 7"),
    "device empty": (changed(device_id=""), "device_id"),
    "device null": (changed(device_id=None), "device_id null"),
    "revision text": (changed(revision="two"), "revision"),
    "revision negative": (changed(revision=-1), "revision -1"),
    "revision a fraction": (changed(revision=1.5), "revision 1.5"),
    "revision huge": (changed(revision=2**31), "revision"),
    "metrics no object": (changed(metrics=[1]), "metrics"),
    "metrics empty": (changed(metrics={}), "metrics"),
    "metric without value": (changed(metrics={"voltage": {"unit": "V"}}), "voltage"),
    "metric as number": (changed(metrics={"voltage": 231}), "voltage"),
    "metric without name": (changed(metrics={"": {"value": 1}}), "metric name"),
    "metric with NUL": (changed(metrics={"a\0b": {"value": 1}}), "metric name"),
    "metric with half a character": (changed(metrics={"\ud800": {"value": 1}}), "metric name"),
    "metric not finite": (changed(metrics={"voltage": {"value": float("nan")}}), "metric voltage"),
    "unit no text": (changed(metrics={"voltage": {"value": 1, "unit": 5}}), "unit"),
    "too many metrics": (changed(metrics={str(n): {"value": 1} for n in range(65)}), "65 metrics"),
    "readings no list": ({"device_id": DEVICE, "readings": {"a": 1}}, "list of [timestamp, value]"),
    "readings empty": ({"device_id": DEVICE, "readings": []}, "list of [timestamp, value]"),
    "pair of three": ({"device_id": DEVICE, "readings": [["2026-03-10T10:00:00Z", 1, 2]]}, "not a pair"),
    "pair no list": ({"device_id": DEVICE, "readings": ["2026-03-10T10:00:00Z"]}, "not a pair"),
    "pair without offset": ({"device_id": DEVICE, "readings": [["2026-03-10T10:00:00", 1]]}, "2026-03-10T10:00:00"),
    "text in the list": ("hello", "not a reading"),
    "null in the list": (None, "not a reading"),
    "list in the list": ([GOOD], "not a reading"),
}


@pytest.mark.parametrize(("bad", "reason"), BAD_READINGS.values(), ids=BAD_READINGS)
def test_a_bad_reading_is_refused_and_its_neighbours_stay(bad: Any, reason: str) -> None:
    found = decoded([GOOD, bad, {**GOOD, "measurement_value": 0.5}])

    assert found.value == [0.25, 0.5]
    assert found.metrics == []
    (refusal,) = found.refusals
    assert reason in refusal.reason
    assert refusal.index == 1


BAD_BODIES = {
    "empty": (b"", "not JSON"),
    "no JSON": (b"hello", "not JSON"),
    "cut off": (b'{"timestamp": "2026-03-10T10', "not JSON"),
    "two documents": (json.dumps(GOOD).encode() * 2, "not JSON"),
    "Latin-1": ('{"unit": "\u00b0C"}'.encode("latin-1"), "not UTF-8"),
    "UTF-16": (json.dumps(GOOD).encode("utf-16"), "not UTF-8"),
    "binary": (bytes(range(256)), "not UTF-8"),
    "byte order mark": (b"\xef\xbb\xbf" + json.dumps(GOOD).encode(), "not JSON"),
    "nested too deep": (b"[" * 100_000 + b"]" * 100_000, "not JSON"),
    "digits without end": (b'{"measurement_value": ' + b"9" * 5_000 + b"}", "not JSON"),
    "empty list": (b"[]", "empty list"),
    "number": (b"17", "not a reading"),
    "null": (b"null", "not a reading"),
    "too many": (json.dumps([GOOD] * 1_001).encode(), "at most 1,000"),
    "too many in an array": (
        json.dumps({"device_id": DEVICE, "readings": [["2026-03-10T10:00:00Z", 1]] * 1_001}).encode(),
        "at most 1,000",
    ),
    "too large": (b" " * (MAX_BODY_BYTES + 1), "send smaller arrays"),
}


@pytest.mark.parametrize(("body", "reason"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_bad_body_is_refused_as_a_whole(body: bytes, reason: str) -> None:
    found = decoded(body)

    assert len(found) == 0
    (refusal,) = found.refusals
    assert reason in refusal.reason


def test_a_thousand_readings_fit_into_one_message() -> None:
    pairs = [[(NOW - timedelta(minutes=n)).isoformat(), n] for n in range(1_000)]

    assert len(decoded({"device_id": DEVICE, "readings": pairs})) == 1_000


def test_what_was_refused_can_be_sent_again_as_it_is() -> None:
    found = decoded({"device_id": DEVICE, "revision": 3, "readings": [["2026-03-10T10:00:00", 1], GOOD["timestamp"]]})

    assert json.loads(found.refusals[0].body) == {
        "device_id": DEVICE,
        "revision": 3,
        "timestamp": "2026-03-10T10:00:00",
        "measurement_value": 1,
    }


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
documents = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["timestamp", "device_id", "measurement_value", "power", "metrics", "readings", "revision"]
            ),
            inner | st.sampled_from([DEVICE, GOOD["timestamp"], 0.1]),
        )
    ),
    max_leaves=20,
)


@given(documents)
def test_no_document_breaks_the_decoder(document: Any) -> None:
    found = decoded([GOOD, document])

    assert found.value[:1] == [0.25]
    lengths = {len(column) for column in (found.device, found.at_us, found.value, found.revision, found.index)}
    assert len(lengths) == 1
    assert all(refusal.reason for refusal in found.refusals)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoder(body: bytes) -> None:
    found = decoded(body)

    assert len(found) + len(found.refusals) >= 1


@given(st.uuids(), st.floats(0, 1000), st.datetimes(datetime(2000, 1, 2), datetime(2026, 3, 10)))
def test_a_reading_comes_out_as_it_went_in(device: uuid.UUID, value: float, at: datetime) -> None:
    instant = at.replace(tzinfo=UTC)

    found = decoded({"timestamp": instant.isoformat(), "device_id": str(device), "measurement_value": value})

    assert rows(found) == [(str(device), instant, value)]
    assert json.loads(found.as_json(0))["measurement_value"] == value


@given(
    st.lists(st.tuples(st.datetimes(datetime(1999, 12, 30), datetime(2026, 3, 14)), st.floats(-1e16, 1e16)), min_size=1)
)
def test_an_array_says_what_its_readings_say_one_by_one(pairs: list[tuple[datetime, float]]) -> None:
    stamped = [(f"{at.isoformat()}Z", value) for at, value in pairs]

    together = decoded({"device_id": GOOD["device_id"], "readings": stamped})
    alone = decoded([{**GOOD, "timestamp": at, "measurement_value": value} for at, value in stamped])

    assert rows(together) == rows(alone)
    assert sorted(r.reason for r in together.refusals) == sorted(r.reason for r in alone.refusals)
