"""Who gets which answer: Alice owns, Charlie is refused, the admin sees all."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forecast_service.anomalies.models import Anomaly
from forecast_service.conftest import NOON
from forecast_service.training.models import Job, SavedModel
from service_kit.auth import Caller
from service_kit.testing.access import CopiedUsers


@pytest.fixture
def ids(
    db: None, device: Callable[..., uuid.UUID], hours: Callable[..., None], habit: Callable[..., Any],
    tell_of: Callable[..., None], alice: Caller, bob: Caller, charlie: Caller, admin: Caller,
) -> dict[str, str]:  # fmt: skip
    """A meter of Alice's, with a model that she had trained, and one of Bob's; both with a past to forecast from."""
    tell_of(alice, bob, charlie, admin)
    meters = {"device": device(alice), "bobs": device(bob)}
    for meter in meters.values():
        hours(meter, habit(10))
    asked = {"scope": f"device_{meters['device']}", "kind": "consumption", "asked": "auto", "created_by": alice.id}
    job = Job.objects.create(**asked)
    model = SavedModel.objects.create(
        **asked,
        devices=[meters["device"]],
        forecaster="seasonal_naive",
        reason="",
        errors={},
        is_current=False,
        history_until=NOON,
        trained_at=NOON,
    )
    anomaly = Anomaly.objects.create(
        device_id=meters["device"], fault="no_consumption", start=NOON, end=NOON, expected_kwh=1, actual_kwh=2, confidence=0.9,
        detected_at=NOON,
    )  # fmt: skip
    made = {**meters, "anomaly": anomaly.pk, "job": job.pk, "model": model.pk, "alice": alice.id}
    return {name: str(value) for name, value in made.items()}


class TestAccess(CopiedUsers):
    table = Path(__file__).with_name("access.txt")
