"""`python -m device_simulator.demo`: with DEMO=true, a plant with five meters, eight weeks of past, and on.

Everything is made through the public API and found again by name, so it may be restarted at any moment.
"""

import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from device_simulator.__main__ import heartbeat_file, stop_on_signals
from device_simulator.clock import SimulationClock
from device_simulator.errors import SimulatorError
from device_simulator.gateway import Gateway, Stopped
from device_simulator.logs import configure_logging
from device_simulator.meters import Meter, factors_by_hour
from device_simulator.publisher import ReadingPublisher
from device_simulator.simulate import backfill, simulate

log = structlog.get_logger()

PAST_SECONDS = 8 * 7 * 86_400
#: Sent again after a restart: what the newest reading in monitoring may have overtaken.
OVERLAP_SECONDS = 2 * 3600

TARIFF = {
    "name": "Day and night",
    "currency": "EUR",
    "standing_charge_per_day": 0.42,
    "feed_in_per_kwh": 0.08,
    "rates": [
        {"price_per_kwh": 0.26, "from": "00:00", "to": "06:00"},
        {"price_per_kwh": 0.34, "from": "06:00", "to": "22:00"},
        {"price_per_kwh": 0.26, "from": "22:00", "to": "24:00"},
    ],
}
PLANT = {
    "name": "Sunny Street 1",
    "timezone": "Europe/Berlin",
    "country": "DE",
    "latitude": 52.52,
    "longitude": 13.4,
    "co2_g_per_kwh": 360,
}
SITE = {"timezone": ZoneInfo("Europe/Berlin"), "latitude": 52.52, "longitude": 13.4}


@dataclass(frozen=True)
class DemoMeter:
    """A device as the API wants it, how it is simulated, and who may see it."""

    device: Mapping[str, Any]
    simulated: Mapping[str, Any] = field(default_factory=dict)
    seen_by: tuple[str, ...] = ("alice",)


DEMO_METERS = (
    DemoMeter(
        {
            "name": "Household",
            "description": "Everything in the house except the heat pump",
            "kind": "consumption",
            "max_consumption": 1.5,
            "rated_power_w": 11_000,
        },
        {"base_load_kwh": 0.08},
        seen_by=("alice", "bob"),
    ),
    DemoMeter(
        {
            "name": "Heat pump",
            "description": "Air-to-water, warms the house and the water",
            "kind": "consumption",
            "max_consumption": 3.0,
            "rated_power_w": 4_000,
        },
        {
            "base_load_kwh": 0.1,
            "noise": 0.25,
            "hour_factors": factors_by_hour([(0, 4, 0.7), (5, 8, 1.6), (9, 15, 0.6), (16, 21, 1.3), (22, 23, 0.9)]),
        },
    ),
    DemoMeter(
        {
            "name": "Solar roof",
            "description": "6 kW peak, facing south",
            "kind": "production",
            "max_consumption": 6.0,
            "rated_power_w": 6_000,
        },
        {"peak_power_w": 6_000.0},
        seen_by=("alice", "bob"),
    ),
    DemoMeter(
        {
            "name": "Grid import",
            "description": "What the house takes from the grid",
            "kind": "grid_import",
            "max_consumption": 5.0,
            "rated_power_w": 25_000,
        },
    ),
    DemoMeter(
        {
            "name": "Grid export",
            "description": "What the house feeds into the grid",
            "kind": "grid_export",
            "max_consumption": 6.0,
            "rated_power_w": 25_000,
        },
    ),
)


def prepare(gateway: Gateway) -> list[Meter]:
    """Make what is missing of the plant, its meters and their assignments; the meters to simulate."""
    tariff = _named(gateway, "/api/tariffs", TARIFF)
    plant = _named(gateway, "/api/plants", {**PLANT, "tariff": tariff})
    users = {user["username"]: user["id"] for user in gateway.pages("/api/auth/users")}
    existing = {device["name"]: device["id"] for device in gateway.pages("/api/devices") if device["plant"] == plant}
    meters = []
    for demo in DEMO_METERS:
        device_id = existing.get(demo.device["name"])
        if device_id is None:
            body = {**demo.device, "reading": "interval_kwh", "interval_seconds": 600, "plant": plant}
            device_id = gateway.call("POST", "/api/devices", body)["id"]
            log.info("made a device", name=demo.device["name"], device=device_id)
        for username in demo.seen_by:
            if username not in users:
                log.warning("no such account; the device stays unassigned", username=username, device=device_id)
                continue
            # device_service answers 400 or 404 as long as the account's event has not arrived there.
            body = {"device_id": device_id, "user_id": users[username]}
            gateway.call("POST", "/api/mappings/assign", body, until_accepted=(400, 404))
        meters.append(Meter(device_id, kind=demo.device["kind"], **{**SITE, **demo.simulated}))
    return meters


def _named(gateway: Gateway, path: str, body: Mapping[str, Any]) -> str:
    for entry in gateway.pages(path):
        if entry["name"] == body["name"]:
            return str(entry["id"])
    made = gateway.call("POST", path, body)
    log.info("made", what=path, name=body["name"], id=made["id"])
    return str(made["id"])


def sent_until(gateway: Gateway, meters: list[Meter], stop: threading.Event) -> float:
    """The instant (seconds since 1970) after which readings are missing in monitoring, at most 8 weeks ago.

    Waits until monitoring knows the devices: of one that it does not know it keeps no more than 1,000 readings.
    """
    oldest = time.time() - PAST_SECONDS
    while True:
        known = {device["id"]: device["last_seen"] for device in gateway.pages("/api/monitoring/devices")}
        if all(meter.device_id in known for meter in meters):
            break
        log.info("waiting until monitoring knows the devices")
        if stop.wait(1.0):
            raise Stopped
    seen = [known[meter.device_id] for meter in meters]
    newest = min(datetime.fromisoformat(at).timestamp() - OVERLAP_SECONDS if at else oldest for at in seen)
    return max(oldest, newest)


def run(stop: threading.Event) -> None:
    """Prepare, back-fill, and simulate until `stop`."""
    variables = {name: os.environ.get(name, "") for name in ("GATEWAY_URL", "METER_AMQP_URL")}
    for name, value in variables.items():
        if not value:
            raise SimulatorError(f"{name} is not set; set it as .env does")
    # The password of the demo account, which exists with DEMO=true only.
    gateway = Gateway(variables["GATEWAY_URL"], username="admin", password="admin123", stop=stop)
    publisher = ReadingPublisher(variables["METER_AMQP_URL"], stop)
    try:
        meters = prepare(gateway)
        after, now = sent_until(gateway, meters, stop), time.time()
        if backfill(meters, after=after, until=now, publisher=publisher):
            clock = SimulationClock(start=now)
            simulate(meters, clock=clock, publisher=publisher, stop=stop, heartbeat=heartbeat_file())
    except Stopped:
        log.info("stopped while waiting")
    finally:
        publisher.close()
        gateway.close()


def main() -> int:
    configure_logging()
    if os.environ.get("DEMO", "").lower() != "true":
        log.info("no demo: DEMO is not true")
        return 0
    try:
        run(stop_on_signals())
    except SimulatorError as error:
        sys.stderr.write(f"device_simulator.demo: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
