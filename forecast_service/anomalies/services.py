"""Every write of anomalies."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from forecast_service.anomalies.models import Anomaly
from forecast_service.forecasters.base import DAY, History, Place
from forecast_service.forecasters.batch import answer_each
from forecast_service.forecasters.choose import SARIMAX, Answer
from forecast_service.forecasters.detection import Finding, findings
from forecast_service.forecasters.odd_days import oddness
from forecast_service.forecasts.scopes import Population

# What somebody called normal covers as much again and a bit, for a season.
NORMAL_FOR, NORMAL_UP_TO = timedelta(days=90), 1.5
# The same fault within a day of its last hour is the same anomaly.
GOES_ON_WITHIN = timedelta(days=1)


@transaction.atomic
def look_for_anomalies(*, populations: Sequence[Population], histories: Sequence[History]) -> int:
    """Hold the last day of each single device against the forecast of the day before; the number of anomalies that are new."""
    groups: dict[Place, list[tuple[Population, History]]] = {}
    for population, history in zip(populations, histories, strict=True):
        if population.scope == f"device_{population.members[0].device.pk}" and len(history.values) > 2 * DAY:
            groups.setdefault(population.place, []).append((population, history))
    found: list[tuple[uuid.UUID, Finding, History]] = []
    for place, members in groups.items():
        told = answer_each([history.before(DAY) for _, history in members], DAY, place)
        for (population, history), answered in zip(members, told, strict=True):
            if isinstance(answered, Answer) and answered.model == SARIMAX.name:
                shown = findings(history, answered.forecast, production=population.kind == "production")
                found += [(population.members[0].device.pk, one, history) for one in shown]
    return _keep(found) if found else 0


def _keep(found: Sequence[tuple[uuid.UUID, Finding, History]]) -> int:
    earliest = min(finding.start for _, finding, _ in found)
    devices = {device_id for device_id, _, _ in found}
    known = list(Anomaly.objects.filter(device_id__in=devices, end__gte=earliest - NORMAL_FOR).order_by("start"))
    lasting = {(one.device_id, one.fault): one for one in known}
    new: list[Anomaly] = []
    for device_id, finding, history in found:
        before = lasting.get((device_id, finding.fault))
        if before is not None and finding.start <= before.end + GOES_ON_WITHIN:
            _go_on(before, finding)
        elif not _is_normal(device_id, finding, known):
            new.append(_anomaly(device_id, finding, oddness(history)))
    Anomaly.objects.bulk_update(
        [one for one in known if one.end in {finding.end for _, finding, _ in found}],
        ["end", "expected_kwh", "actual_kwh", "sure"],
    )
    return len(Anomaly.objects.bulk_create(new, ignore_conflicts=True))


def _go_on(before: Anomaly, finding: Finding) -> None:
    """It lasts: what has come since its last look is added to what it was."""
    if finding.end <= before.end:
        return
    if finding.start <= before.start:
        before.expected_kwh, before.actual_kwh = finding.expected_kwh, finding.actual_kwh
    else:
        share = min((finding.end - before.end) / (finding.end - finding.start), 1.0)
        before.expected_kwh += share * finding.expected_kwh
        before.actual_kwh += share * finding.actual_kwh
    before.end, before.sure = finding.end, max(before.sure, finding.sure)


def _is_normal(device_id: uuid.UUID, finding: Finding, known: Sequence[Anomaly]) -> bool:
    own = _anomaly(device_id, finding, None).kwh_an_hour
    taught = [
        one.kwh_an_hour for one in known if one.normal and (one.device_id, one.fault) == (device_id, finding.fault)
    ]
    return any(one * own > 0 and abs(own) <= NORMAL_UP_TO * abs(one) for one in taught)


def _anomaly(device_id: uuid.UUID, finding: Finding, opinion: float | None) -> Anomaly:
    return Anomaly(
        device_id=device_id, fault=finding.fault, start=finding.start, end=finding.end, sure=finding.sure,
        expected_kwh=finding.expected_kwh, actual_kwh=finding.actual_kwh, second_opinion=opinion, detected_at=timezone.now(),
    )  # fmt: skip


def teach_normal(*, anomaly: Anomaly, normal: bool) -> Anomaly:
    anomaly.normal = normal
    anomaly.save(update_fields=["normal"])
    return anomaly
