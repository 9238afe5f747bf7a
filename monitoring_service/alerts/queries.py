"""Which alerts a caller may see, and of which devices which types are raised."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from monitoring_service.alerts.models import Alert, AlertRead, AlertRule
from monitoring_service.devices.models import Assignment, Device
from service_kit.auth import Caller


def visible_alerts(caller: Caller) -> QuerySet[Alert]:
    """Alerts that began while the caller might see the device, newest first, with `device_name` and whether the caller has `read` it."""
    device = Device.live.filter(pk=OuterRef("device_id"))
    alerts = Alert.objects.filter(Exists(device))
    if not caller.is_admin:
        alerts = alerts.filter(
            Exists(
                Assignment.objects.filter(
                    Q(since=None) | Q(since__lte=OuterRef("start")),
                    Q(until=None) | Q(until__gt=OuterRef("start")),
                    device_id=OuterRef("device_id"),
                    user_id=caller.id,
                )
            )
        )
    return alerts.annotate(
        device_name=Subquery(device.values("name")),
        read=Exists(AlertRead.objects.filter(alert_id=OuterRef("pk"), user_id=caller.id)),
    ).order_by("-start", "id")


def wanted(type_: Alert.Type, device_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the devices for which alerts of this type are raised."""
    ids = set(device_ids)
    rules = AlertRule.objects.filter(Q(device_id=None) | Q(device_id__in=ids), type=type_)
    enabled = dict(rules.values_list("device_id", "enabled"))
    return {device for device in ids if enabled.get(device, enabled.get(None, True))}


def visible_rules(caller: Caller) -> QuerySet[AlertRule]:
    """The rules for all devices and those of devices that the caller may see."""
    rules: QuerySet[AlertRule] = AlertRule.objects.order_by("type", "device_id")
    if caller.is_admin:
        return rules
    mine = Assignment.objects.filter(user_id=caller.id).values("device_id")
    return rules.filter(Q(device_id=None) | Q(device_id__in=mine))
