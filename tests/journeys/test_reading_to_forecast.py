"""From a meter's reading to a forecast on the dashboard: the main journey, on a real home."""

import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.client import wait_for
from tests.journeys.conftest import MakeDevice, Person
from tests.journeys.homes import COLUMN, HISTORY_HOURS, Home, real_or_simulated_home
from tests.journeys.meters import send


@dataclass(frozen=True)
class Replayed:
    """Alice's device with ten weeks of readings that end at `end`."""

    device: dict[str, Any]
    home: Home
    start: datetime
    end: datetime


@pytest.fixture(scope="module")
def replayed(
    meter_amqp_url: str, alice: Person, make_device: MakeDevice, tmp_path_factory: pytest.TempPathFactory
) -> Replayed:
    home = real_or_simulated_home(tmp_path_factory.mktemp("home"))
    device = make_device("Alice's home", owner=alice)
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    replay(home, device["id"], end, meter_amqp_url)
    return Replayed(device, home, end - timedelta(hours=HISTORY_HOURS), end)


def replay(home: Home, device_id: str, end: datetime, meter_amqp_url: str) -> None:
    """Send the home's ten weeks as 10-minute readings; returns when the broker has them all."""
    command = [
        *(sys.executable, "-m", "device_simulator", "replay", str(home.path), "--amqp-url", meter_amqp_url),
        *("--device", f"{COLUMN}={device_id}", "--timestamps", "start", "--shift-to", end.isoformat()),
        *("--interval-seconds", "600", "--rows", str(HISTORY_HOURS)),
    ]
    folder = Path(__file__).parents[2]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder, check=False)
    assert ran.returncode == 0, f"the replay failed:\n{ran.stdout}\n{ran.stderr}"


@pytest.fixture(scope="module")
def hours(alice: Person, replayed: Replayed) -> dict[str, Any]:
    """The ten weeks from the API, once every reading is in."""

    def look() -> dict[str, Any] | None:
        found = alice.api.get(
            "/api/monitoring/hourly/range",
            device_id=replayed.device["id"],
            start=replayed.start.isoformat(),
            end=replayed.end.isoformat(),
            resolution="hour",
            timezone="UTC",
        )
        complete = len(found["data"]) == HISTORY_HOURS and all(entry["readings"] == 6 for entry in found["data"])
        return found if complete else None

    return wait_for("all ten weeks of readings are counted", look, within=180)


@pytest.fixture(scope="module")
def forecast(alice: Person, replayed: Replayed, hours: dict[str, Any]) -> dict[str, Any]:
    """The forecast, once the forecast service has the whole history."""

    def look() -> dict[str, Any] | None:
        found = alice.api.get("/api/forecasts", device_id=replayed.device["id"], horizon=24)
        return found if instant(found["points"][0]["start"]) == replayed.end else None

    return wait_for("the whole history reaches the forecast", look, within=120)


def instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    assert found.tzinfo is not None, f"{text} has no offset"
    return found


def test_every_hour_equals_the_file(hours: dict[str, Any], replayed: Replayed) -> None:
    starts = [instant(entry["start"]) for entry in hours["data"]]
    assert starts == [replayed.start + timedelta(hours=number) for number in range(HISTORY_HOURS)]
    assert [entry["kwh"] for entry in hours["data"]] == pytest.approx(replayed.home.history, rel=0, abs=1e-9)
    assert {entry["quality"] for entry in hours["data"]} == {"measured"}
    assert {entry["expected"] for entry in hours["data"]} == {6}
    assert hours["total_kwh"] == pytest.approx(sum(replayed.home.history), abs=1e-6)


def test_the_day_has_the_same_hours_as_the_range(alice: Person, hours: dict[str, Any], replayed: Replayed) -> None:
    yesterday = (replayed.end - timedelta(days=1)).date()
    day = alice.api.get(
        "/api/monitoring/hourly/daily", device_id=replayed.device["id"], date=yesterday.isoformat(), timezone="UTC"
    )

    by_start = {instant(entry["start"]): entry["kwh"] for entry in hours["data"]}
    assert len(day["hours"]) == 24
    assert [entry["kwh"] for entry in day["hours"]] == [by_start[instant(entry["start"])] for entry in day["hours"]]
    assert day["total_kwh"] == pytest.approx(sum(entry["kwh"] for entry in day["hours"]))


def test_the_same_readings_again_change_nothing(
    alice: Person, meter_amqp_url: str, hours: dict[str, Any], replayed: Replayed
) -> None:
    replay(replayed.home, replayed.device["id"], replayed.end, meter_amqp_url)
    marker = alice_sends_the_running_hour(meter_amqp_url, replayed)

    def look() -> bool:
        page = alice.api.get(
            "/api/monitoring/measurements",
            device_id=replayed.device["id"],
            start=replayed.end.isoformat(),
            end=(replayed.end + timedelta(hours=2)).isoformat(),
        )
        return any(instant(row["timestamp"]) == marker for row in page["results"])

    # What was sent after the repetition has arrived, so the repetition has been worked off too.
    wait_for("the reading after the repetition arrives", look)
    again = alice.api.get(
        "/api/monitoring/hourly/range",
        device_id=replayed.device["id"],
        start=replayed.start.isoformat(),
        end=replayed.end.isoformat(),
        timezone="UTC",
    )
    assert again["data"] == hours["data"]


def alice_sends_the_running_hour(meter_amqp_url: str, replayed: Replayed) -> datetime:
    """What the running hour has so far, at least one reading; the instant of the newest."""
    # Never the whole hour: it would become history, and the forecast would begin after it.
    count = min(5, max(1, int((datetime.now(UTC) - replayed.end) / timedelta(minutes=10))))
    values = [
        (replayed.end + timedelta(minutes=10 * number), replayed.home.future[0] / 6) for number in range(1, count + 1)
    ]
    send(meter_amqp_url, replayed.device["id"], values)
    return values[-1][0]


def test_the_forecast_beats_the_same_hour_yesterday(forecast: dict[str, Any], replayed: Replayed) -> None:
    points = forecast["points"]
    assert forecast["fallback"] is None, f"a simpler method answered: {forecast['fallback']}"
    assert len(points) == forecast["horizon"] == 24
    assert [instant(point["start"]) for point in points] == [replayed.end + timedelta(hours=n) for n in range(24)]
    for point in points:
        assert 0 <= point["lower_95"] <= point["lower_80"] <= point["kwh"] <= point["upper_80"] <= point["upper_95"]

    came = replayed.home.future
    error = sum(abs(point["kwh"] - value) for point, value in zip(points, came, strict=True))
    yesterday = sum(abs(old - value) for old, value in zip(replayed.home.history[-24:], came, strict=True))
    assert error < yesterday, (
        f"forecast off by {error / 24:.3f} kWh an hour, the same hour yesterday {yesterday / 24:.3f}"
    )


def test_bob_does_not_find_alices_device(bob: Person, replayed: Replayed, forecast: dict[str, Any]) -> None:
    device = replayed.device["id"]
    whole = {"device_id": device, "start": replayed.start.isoformat(), "end": replayed.end.isoformat()}

    bob.api.get(f"/api/devices/{device}", expect=404)
    bob.api.get("/api/monitoring/hourly/daily", device_id=device, date=f"{replayed.end:%Y-%m-%d}", expect=404)
    bob.api.get("/api/monitoring/hourly/range", **whole, expect=404)
    bob.api.get("/api/monitoring/measurements", **whole, expect=404)
    bob.api.get("/api/forecasts", device_id=device, expect=404)
    bob.api.get("/api/forecasts", scope=f"device_{device}", expect=404)
    assert device not in {known["id"] for known in bob.api.every("/api/monitoring/devices")}
    assert device not in {known["id"] for known in bob.api.every("/api/devices")}


def test_alice_sees_the_day_and_the_forecast_in_the_browser(
    gateway_url: str, alice: Person, replayed: Replayed, forecast: dict[str, Any], browser: Any, screenshot: Path
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 960}, timezone_id="UTC")
    page.set_default_timeout(30_000)
    page.goto(gateway_url)
    page.locator("input[autocomplete=username]").fill(alice.username)
    page.locator("input[autocomplete=current-password]").fill(alice.password)
    page.locator("form button[type=submit]").click()

    page.get_by_role("link", name="Devices", exact=True).first.click()
    page.get_by_role("link", name=replayed.device["name"]).first.click()

    page.get_by_role("heading", name=replayed.device["name"]).wait_for()
    # The forecast: its dashed line in the chart, its interval in words, its numbers in the table.
    page.locator("svg path.recharts-line-curve[stroke-dasharray]").wait_for()
    page.get_by_text("times in 10").first.wait_for()
    page.locator("table tbody tr").nth(22).wait_for()
    page.screenshot(path=screenshot)
    page.close()
    assert screenshot.stat().st_size > 10_000


def test_the_old_address_of_version_one_is_the_same(alice: Person, replayed: Replayed) -> None:
    assert alice.api.get(f"/api/v1/devices/{replayed.device['id']}")["id"] == replayed.device["id"]
