"""How long alerts are kept, and the marks of who read them."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from monitoring_service.alerts.models import Alert, AlertRead
from monitoring_service.alerts.services import purge_alerts
from monitoring_service.conftest import METER
from service_kit.auth import Caller
from service_kit.events import UserDeleted


def test_alerts_that_are_over_go_after_their_time_and_marks_with_the_person(
    meter: uuid.UUID,
    client_for: Callable[..., Any],
    deliver: Callable[..., None],
    alice: Caller,
    admin: Caller,
    settings: Any,
) -> None:
    settings.ALERT_KEEP_DAYS = 100
    now = datetime.now(UTC)
    told: dict[str, Any] = {
        "device_id": METER,
        "type": "fault",
        "code": "f",
        "severity": "low",
        "message": "",
        "told_changes": 1,
    }
    made = {
        (state, age): Alert.objects.create(
            state=state, start=now - timedelta(days=age), end=now - timedelta(days=age - 2), **told
        ).pk
        for state in ("open", "ended", "normal")
        for age in (99, 101, 103)
    }
    untold = Alert.objects.create(state="ended", start=now - timedelta(days=300), **{**told, "told_changes": 0})
    for who in (alice, admin):
        assert client_for(who).patch(f"/api/alerts/{made['ended', 103]}", {"read": True}).status_code == 200
        assert client_for(who).patch(f"/api/alerts/{made['open', 99]}", {"read": True}).status_code == 200

    assert purge_alerts() == 4  # two alerts, and who had read one of them
    assert set(Alert.objects.values_list("pk", flat=True)) == {
        untold.pk, *(pk for (state, age), pk in made.items() if state == "open" or age < 103)
    }  # fmt: skip
    deliver(UserDeleted(id=alice.id), version=2)
    assert list(AlertRead.objects.values_list("user_id", flat=True)) == [admin.id]

    settings.ALERT_KEEP_DAYS = 0
    assert purge_alerts() == 0
