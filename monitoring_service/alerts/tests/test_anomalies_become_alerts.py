"""What forecast_service finds wrong with Alice's meter is one alert, whatever order the news comes in."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from monitoring_service.alerts.models import Alert
from monitoring_service.conftest import DAY, METER
from service_kit.events import AnomalyDetected

pytestmark = pytest.mark.django_db
NOTHING_USED = AnomalyDetected(
    id=uuid.uuid4(), device_id=METER, kind="fault", fault="no_consumption", severity="high", state="open",
    start=DAY, end=DAY + timedelta(hours=6), expected_kwh=3.5, actual_kwh=0.0, confidence=0.5,
    message="Nothing at all is used: 0 kWh in 6 h, 3.5 expected.", recommendation="Check the supply.",
)  # fmt: skip


def test_an_anomaly_is_an_alert_with_all_that_is_known_of_it(deliver):
    deliver(NOTHING_USED, version=1)
    alert = Alert.objects.get()
    assert (alert.pk, alert.device_id, alert.type, alert.code) == (NOTHING_USED.id, METER, "fault", "no_consumption")
    assert (alert.severity, alert.state, alert.confidence) == ("high", "open", 0.5)
    assert (alert.start, alert.end) == (NOTHING_USED.start, NOTHING_USED.end)
    assert (alert.expected_kwh, alert.actual_kwh) == (3.5, 0)
    assert (alert.message, alert.recommendation) == (NOTHING_USED.message, "Check the supply.")


def test_it_goes_on_and_ends_in_whatever_order_that_is_told(deliver):
    longer = replace(NOTHING_USED, end=DAY + timedelta(hours=9), expected_kwh=5.0)
    ended = replace(longer, state="ended")
    for event, version in ((longer, 2), (NOTHING_USED, 1), (longer, 2), (ended, 3), (longer, 2)):
        deliver(event, version=version)
    alert = Alert.objects.get()
    assert (alert.state, alert.end, alert.expected_kwh, alert.version) == ("ended", longer.end, 5.0, 3)


def test_a_spike_is_an_alert_of_its_own_type(deliver):
    deliver(replace(NOTHING_USED, kind="anomaly", fault="spike"), version=1)
    assert (Alert.objects.get().type, Alert.objects.get().code) == ("spike", "spike")
