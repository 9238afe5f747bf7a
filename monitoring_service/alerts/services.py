"""Every write of alerts. Whatever changes one tells live viewers, and `tell_alerts` those who listen by MQTT."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.exceptions import NotFound

from monitoring_service.alerts.models import Alert, AlertRead, AlertRule
from monitoring_service.alerts.money import price_alerts
from monitoring_service.alerts.queries import visible_alerts, wanted
from monitoring_service.live.announce import announce_alerts
from service_kit.auth import Caller
from service_kit.events import AnomalyDetected, AnomalyJudged
from service_kit.outbox import publish
from service_kit.purge import forget

State, Type = Alert.State, Alert.Type
FROM_FORECASTS = {Type.SPIKE, Type.ANOMALY, Type.FAULT}


def copy_anomaly(*, anomaly: AnomalyDetected, version: int) -> bool:
    """Keep it as an alert unless a newer word of it is here; whether it was news. Called inside the consumer's transaction."""
    type_ = Type.SPIKE if anomaly.fault == Type.SPIKE else Type(anomaly.kind)
    told = {
        "device_id": anomaly.device_id, "type": type_, "code": anomaly.fault, "severity": anomaly.severity,
        "state": anomaly.state, "start": anomaly.start, "end": anomaly.end, "expected_kwh": anomaly.expected_kwh,
        "actual_kwh": anomaly.actual_kwh, "confidence": anomaly.confidence, "message": anomaly.message,
        "recommendation": anomaly.recommendation, "version": version,
    }  # fmt: skip
    known = Alert.objects.select_for_update().filter(pk=anomaly.id).first()
    if known is None and not wanted(type_, [anomaly.device_id]):
        return False
    alert, created = Alert.objects.get_or_create(pk=anomaly.id, defaults=told)
    if not created and alert.version >= version:
        return False
    change_alerts([alert.pk], **told)
    price_alerts([alert.pk])
    return True


def change_alerts(ids: Iterable[UUID], **values: Any) -> None:
    """Write these values to all of them, to be told."""
    changed = list(ids)
    Alert.objects.filter(pk__in=changed).update(**values, changes=F("changes") + 1)
    announce_alerts(changed)


def follow_silence(*, silent: Iterable[tuple[UUID, datetime | None]], back: Iterable[UUID]) -> None:
    """One open alert for each device that fell silent (with when it was last seen); those of devices that are back end."""
    last_seen = {device: at for device, at in silent if at is not None}
    raised = Alert.objects.bulk_create(
        [
            Alert(
                device_id=device, type=Type.NO_DATA, code="silent", severity=Alert.Severity.MEDIUM,
                start=last_seen[device], message=f"No reading since {last_seen[device]:%Y-%m-%d %H:%M} UTC.",
                recommendation="Check the meter's power and its connection.",
            )
            for device in wanted(Type.NO_DATA, last_seen)
        ],
        ignore_conflicts=True,  # it is told already
    )  # fmt: skip
    over = Alert.objects.filter(type=Type.NO_DATA, state=State.OPEN, device_id__in=list(back))
    change_alerts(over.values_list("pk", flat=True), state=State.ENDED, end=Now())
    announce_alerts([alert.pk for alert in raised])


@transaction.atomic
def answer_alert(
    *,
    caller: Caller,
    alert_id: UUID,
    read: bool | None = None,
    acknowledged: bool | None = None,
    note: str | None = None,
    normal: bool | None = None,
) -> Alert:
    """What the caller says of an alert; None leaves it. Raises NotFound for one that is not the caller's to see.

    `read` is the caller's own; who acknowledged first stays. `normal` of an anomaly is told to forecast_service, which learns from it.
    """
    alert = visible_alerts(caller).filter(pk=alert_id).select_for_update(of=("self",)).first()
    if alert is None:
        raise NotFound(f"There is no alert {alert_id} that you may see.")
    if read:
        AlertRead.objects.get_or_create(alert_id=alert_id, user_id=caller.id)
    elif read is False:
        AlertRead.objects.filter(alert_id=alert_id, user_id=caller.id).delete()
    changes: dict[str, Any] = {} if note is None else {"note": note}
    if acknowledged is not None and acknowledged != (alert.acknowledged_at is not None):
        changes |= {
            "acknowledged_at": Now() if acknowledged else None,
            "acknowledged_by": caller.id if acknowledged else None,
        }
    if normal is not None and normal != (alert.state == State.NORMAL):
        changes["state"] = State.NORMAL if normal else State.ENDED if alert.end else State.OPEN
        if alert.type in FROM_FORECASTS:
            publish(AnomalyJudged(id=alert_id, normal=normal), version=alert.version)
    if changes:
        change_alerts([alert_id], **changes)
    return visible_alerts(caller).get(pk=alert_id)


def forget_reads_of(user_id: UUID) -> None:
    """Of a person who is gone."""
    AlertRead.objects.filter(user_id=user_id).delete()


def purge_alerts() -> int:
    """Forget alerts that are over when they have been kept for ALERT_KEEP_DAYS, with who read them; how many rows."""
    if not settings.ALERT_KEEP_DAYS:
        return 0
    old = timezone.now() - timedelta(days=settings.ALERT_KEEP_DAYS)
    # What is yet to be told by MQTT stays until it is.
    over = Alert.objects.exclude(state=State.OPEN).filter(start__lt=old, told_changes=F("changes"))
    return forget(over.filter(Q(end=None) | Q(end__lt=old)))


def set_rule(*, type_: str, device_id: UUID | None, enabled: bool) -> AlertRule:
    """Raise alerts of this type, or not, for a device (None: for all without a rule of their own)."""
    rule, _ = AlertRule.objects.update_or_create(type=type_, device_id=device_id, defaults={"enabled": enabled})
    return rule
