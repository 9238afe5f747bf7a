"""What meters say by MQTT: our own form, Tasmota's and Shelly's, each read by what the device's `reading` is."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitoring_service.readings import mqtt
from monitoring_service.readings.checks import Refused, to_us
from monitoring_service.readings.mqtt import Connection, Speaker

DEVICE = "11111111-1111-4111-8111-111111111111"
ARRIVED = datetime(2026, 3, 10, 12, 0, 7, tzinfo=UTC)
AT = "2026-03-10T12:00:07Z"


def said(topic: str, body: Any, reading: str = "interval_kwh", kind: str = "consumption", revoked: bool = False) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    speaker = Speaker(DEVICE, kind, reading, revoked)
    return mqtt.read(f"energy.devices.{DEVICE}.{topic}", raw, speaker, arrived_us=to_us(ARRIVED))


def test_our_own_form() -> None:
    assert said("energy", {"timestamp": "2026-03-10T10:00:00Z", "value": 0.2}) == {
        "timestamp": "2026-03-10T10:00:00Z",
        "measurement_value": 0.2,
        "device_id": DEVICE,
    }


def test_a_bare_number_counts_from_its_arrival() -> None:
    for reading in ("power_w", "register_kwh"):
        assert said("energy", 1250.5, reading) == {"timestamp": AT, "measurement_value": 1250.5, "device_id": DEVICE}


def test_a_bare_number_of_interval_energy_is_refused_since_a_redelivery_would_double_it() -> None:
    with pytest.raises(Refused, match="send timestamp and value"):
        said("energy", 0.2)


def test_the_forms_of_the_queue_do_too() -> None:
    array = {"readings": [["2026-03-10T10:00:00Z", 0.2]]}
    assert said("energy", array) == {**array, "device_id": DEVICE}
    assert said("energy", [array, {"timestamp": AT, "value": 1}])[1]["measurement_value"] == 1


def test_a_body_that_names_another_device_is_refused() -> None:
    other = "22222222-2222-4222-8222-222222222222"
    with pytest.raises(Refused, match=other):
        said("energy", {"timestamp": AT, "value": 1, "device_id": other})


@pytest.mark.parametrize(
    ("topic", "body", "says"),
    [
        ("energy", b"", "is not JSON"),
        ("energy", b"twelve", "is not JSON"),
        ("energy", b"\xff\xfe", "is not JSON"),
        ("energy", b"[" * 100_000, "is not JSON"),
        ("status", b"perhaps", "neither online nor offline"),
        ("nothing", b"5", "none that meters publish to"),
        ("tele.SENSOR", b"{", "is not JSON"),
        ("status.switch:0", [1], "not an object"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(topic: str, body: Any, says: str) -> None:
    with pytest.raises(Refused, match=says):
        said(topic, body, "power_w")


def test_an_entry_that_cannot_be_read_leaves_its_neighbours() -> None:
    first, unread, last = said("energy", [{"timestamp": AT, "value": 1}, "5", {"timestamp": AT, "value": 2}])

    assert (first["measurement_value"], last["measurement_value"]) == (1, 2)
    assert unread.entry == "5"
    assert "send an object" in unread.reason


def test_a_revoked_meter_that_is_still_connected_is_refused() -> None:
    with pytest.raises(Refused, match="was revoked"):
        said("energy", {"timestamp": AT, "value": 1}, revoked=True)


@pytest.mark.parametrize(
    ("topic", "body", "online"),
    [
        ("status", b"online", True),
        ("status", b'"offline"', False),
        ("online", b"true", True),
        ("online", b"false", False),
        ("tele.LWT", b"Online", True),
        ("tele.LWT", b"Offline", False),
    ],
)
def test_the_state_of_its_connection(topic: str, body: bytes, online: bool) -> None:
    assert said(topic, body) == Connection(DEVICE, online, to_us(ARRIVED))


# As a Sonoff POW publishes it every TelePeriod.
TASMOTA = {
    "Time": "2026-03-10T13:00:07",
    "ENERGY": {
        "TotalStartTime": "2025-01-01T00:00:00",
        "Total": 3185.123,
        "Yesterday": 2.5,
        "Today": 1.25,
        "Period": 5,
        "Power": 120,
        "ApparentPower": 130,
        "ReactivePower": 50,
        "Factor": 0.92,
        "Voltage": 230,
        "Current": 0.565,
    },
}
# As a Shelly Plus Plug S publishes it (Gen2 Switch component).
SHELLY_PLUG = {
    "id": 0, "source": "mqtt", "output": True, "apower": 8.9, "voltage": 237.5, "current": 0.415,
    "aenergy": {"total": 6532.0, "by_minute": [45.199, 47.141, 88.397], "minute_ts": 1626935779},
    "temperature": {"tC": 23.5, "tF": 74.4},
}  # fmt: skip
# As a Shelly Pro 3EM publishes its counters (EMData component).
SHELLY_METER = {"id": 0, "a_total_act_energy": 1000, "total_act": 48211700, "total_act_ret": 1500}


def test_tasmota_by_what_the_device_reads() -> None:
    counter, power = said("tele.SENSOR", TASMOTA, "register_kwh"), said("tele.SENSOR", TASMOTA, "power_w")

    assert (counter["timestamp"], counter["measurement_value"]) == (AT, 3185.123)
    assert power["measurement_value"] == 120
    assert power["metrics"]["voltage"] == {"value": 230, "unit": "V"}
    assert set(power["metrics"]) == {"voltage", "current", "power_factor", "apparent_power", "reactive_power"}


def test_tasmota_with_three_phases_and_a_sensor_without_energy() -> None:
    phases = {"ENERGY": {"Total": [10, 20, 30.5], "Power": [1, 2, 3]}}

    assert said("tele.SENSOR", phases, "register_kwh")["measurement_value"] == 60.5
    assert said("tele.SENSOR", {"AM2301": {"Temperature": 21}}, "power_w") is None


def test_shelly_by_what_the_device_reads() -> None:
    assert said("status.switch:0", SHELLY_PLUG, "register_kwh")["measurement_value"] == pytest.approx(6.532)
    assert said("status.switch:0", SHELLY_PLUG, "power_w")["measurement_value"] == 8.9
    assert said("status.switch:0", SHELLY_PLUG, "power_w")["metrics"]["current"] == {"value": 0.415, "unit": "A"}


def test_shellys_counters_of_import_and_export() -> None:
    imported = said("status.emdata:0", SHELLY_METER, "register_kwh", "grid_import")
    exported = said("status.emdata:0", SHELLY_METER, "register_kwh", "grid_export")

    assert imported["measurement_value"] == pytest.approx(48211.7)
    assert exported["measurement_value"] == pytest.approx(1.5)
    assert said("status.emdata:0", SHELLY_METER, "power_w") is None, "its power comes in another message"
    assert said("status.em:0", {"id": 0, "total_act_power": -413.2}, "power_w")["measurement_value"] == -413.2
    assert said("status.em:0", {"id": 0, "total_act_power": -413.2}, "register_kwh") is None


def test_what_has_counter_and_power_is_no_interval_meter() -> None:
    for topic, body in (("tele.SENSOR", TASMOTA), ("status.switch:0", SHELLY_PLUG)):
        with pytest.raises(Refused, match="set its reading to register_kwh or power_w"):
            said(topic, body)


def test_the_broker_leads_exactly_these_topics_here() -> None:
    definitions = json.loads((Path(__file__).parents[3] / "broker" / "definitions.json").read_text())
    bound = {b["routing_key"] for b in definitions["bindings"] if b["source"] == mqtt.EXCHANGE}
    assert bound == set(mqtt.BINDINGS)


@pytest.mark.parametrize(
    ("topic", "reading", "value"),
    [
        ("tele/SENSOR", "register_kwh", 48.211),
        ("tele/SENSOR", "power_w", 125),
        ("status/switch:0", "register_kwh", 48.2117),
        ("status/switch:0", "power_w", 125.4),
    ],
)
def test_the_messages_that_the_documentation_shows_are_read(topic: str, reading: str, value: float) -> None:
    page = (Path(__file__).parents[3] / "docs" / "meters.md").read_text()
    shown = page.split(f"What it sends to `{topic}`:\n\n```json\n")[1].split("\n```")[0]

    found = said(topic.replace("/", "."), shown.encode(), reading)

    assert found["measurement_value"] == pytest.approx(value)
    assert found["metrics"]["voltage"]["value"] == pytest.approx(231, abs=0.5)
