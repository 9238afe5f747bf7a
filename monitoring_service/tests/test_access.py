"""Who gets which answer: Alice owns, Charlie is refused, the admin sees all."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from monitoring_service.alerts.models import Alert
from monitoring_service.conftest import DAY, METER, device_event, ten_minutes
from monitoring_service.events.services import record_event
from monitoring_service.readings.models import DoubtfulReading
from monitoring_service.series.services import store_series
from service_kit.auth import Caller
from service_kit.events import PlantCreated
from service_kit.testing.access import CopiedUsers


@pytest.fixture
def ids(
    db: None, deliver: Callable[..., None], send: Callable[..., Any], tell_of: Callable[..., None], alice: Caller,
    bob: Caller, charlie: Caller, admin: Caller, client_for: Callable[..., APIClient],
) -> dict[str, str]:  # fmt: skip
    """A meter of Alice's in her plant, which sent more than it can, and one of Bob's; a file of readings."""
    tell_of(alice, bob, charlie, admin)
    bobs = uuid.uuid4()
    plant = uuid.uuid4()
    deliver(PlantCreated(id=plant, name="Home", timezone="UTC"))
    store_series(plant_id=plant, name="price", unit="EUR/kWh", issued_at=None, values=[(DAY, 0.3)])
    deliver(device_event(owners=[alice], rated_power_w=3000, plant_id=plant))
    deliver(device_event(bobs, owners=[bob]))
    event, _ = record_event(device_id=METER, at=DAY, code="boot", severity="low", message="")
    alert = Alert.objects.create(device_id=METER, type="no_data", code="silent", severity="low", start=DAY, message="")
    send(ten_minutes(DAY, [0.5, 80]))
    form = {"file": SimpleUploadedFile("meter.csv", b"timestamp,device_id,value"), "timezone": "UTC"}
    upload = client_for(admin).post("/api/monitoring/uploads", form, format="multipart").json()["id"]
    asked = {"scope": f"device_{METER}", "period": "2026-03-10"}
    report = client_for(alice).post("/api/reports", asked).json()["id"]
    every_month = {"scope": f"device_{METER}", "every": "month"}
    schedule = client_for(alice).post("/api/reports/schedules", every_month).json()["id"]
    held = DoubtfulReading.objects.get().pk
    made = {
        "device": METER,
        "bobs": bobs,
        "held": held,
        "upload": upload,
        "plant": plant,
        "event": event.pk,
        "alert": alert.pk,
        "report": report,
        "schedule": schedule,
    }
    return {name: str(value) for name, value in {**made, "alice": alice.id}.items()}


class TestAccess(CopiedUsers):
    table = Path(__file__).with_name("access.txt")
