"""Every write of anomalies."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from forecast_service.anomalies.models import Anomaly
from forecast_service.forecasters.base import DAY, Forecast, History, Place
from forecast_service.forecasters.batch import answer_each
from forecast_service.forecasters.choose import SARIMAX, Answer
from forecast_service.forecasters.detection import ADVICE, AGAINST_FORECAST, Finding, findings
from forecast_service.forecasters.odd_days import oddness
from forecast_service.forecasters.weather import is_known
from forecast_service.forecasts.queries import forecasts_issued
from forecast_service.forecasts.scopes import Population
from service_kit.events import AnomalyDetected
from service_kit.outbox import publish, publish_all
from service_kit.purge import forget
from service_kit.words import energy

# What somebody called normal covers as much again and a bit, for a season.
NORMAL_FOR, NORMAL_UP_TO = timedelta(days=90), 1.5
# The same fault within a day of its last hour is the same anomaly.
GOES_ON_WITHIN = timedelta(days=1)
CHANGING = ("end", "expected_kwh", "actual_kwh", "confidence", "ended", "version")


@dataclass(frozen=True, slots=True)
class Found:
    """with_temperature: whether what was expected rests on the temperature that came."""

    device_id: uuid.UUID
    finding: Finding
    history: History
    with_temperature: bool


@transaction.atomic
def look_for_anomalies(*, populations: Sequence[Population], histories: Sequence[History]) -> int:
    """Hold the last day of each single device against the forecast of the day before; the number of anomalies that are new."""
    single = {
        population.members[0].id: (population, history)
        for population, history in zip(populations, histories, strict=True)
        if population.scope == f"device_{population.members[0].id}" and len(history.values) > 2 * DAY
    }
    weathered = {
        population.scope
        for population, history in single.values()
        if is_known(population.place, history.before(DAY), DAY)
    }
    expected = _expected(list(single.values()), weathered)
    found = [
        Found(device_id, one, history, one.fault in AGAINST_FORECAST and population.scope in weathered)
        for device_id, (population, history) in single.items()
        if population.scope in expected
        for one in findings(history, expected[population.scope], production=population.kind == "production")
    ]
    return _keep({device_id: history.end for device_id, (_, history) in single.items()}, found) if single else 0


def _expected(looked: Sequence[tuple[Population, History]], weathered: Collection[str]) -> dict[str, Forecast]:
    """By scope what SARIMAX expected of the last day: as it was issued a day ago, else as it would have been.

    weathered: scopes whose temperature is known; they are told anew with the one that came, since a day that was colder than
    foretold is no fault of the meter.
    """
    foretold = [population for population, _ in looked if population.scope not in weathered]
    expected = forecasts_issued(foretold, model=SARIMAX.name, before=timedelta(hours=DAY), hours=DAY)
    groups: dict[Place, list[tuple[Population, History]]] = defaultdict(list)
    for population, history in looked:
        if population.scope not in expected:
            groups[population.place].append((population, history))
    for place, members in groups.items():
        told = answer_each([history.before(DAY) for _, history in members], DAY, place)
        for (population, _), answered in zip(members, told, strict=True):
            if isinstance(answered, Answer) and answered.model == SARIMAX.name:
                expected[population.scope] = answered.forecast
    return expected


def _keep(looked: Mapping[uuid.UUID, datetime], found: Sequence[Found]) -> int:
    """looked: the devices that were looked at, and until when."""
    lately = Q(ended=False) | Q(end__gte=min(looked.values()) - NORMAL_FOR)
    known = list(Anomaly.objects.select_for_update().filter(lately, device_id__in=looked).order_by("start", "pk"))
    lasting = {(one.device_id, one.fault): one for one in known}
    new: list[Anomaly] = []
    changed: dict[uuid.UUID, Anomaly] = {}
    for one in found:
        finding, before = one.finding, lasting.get((one.device_id, one.finding.fault))
        if before is not None and finding.start <= before.end + GOES_ON_WITHIN:
            if finding.end > before.end:
                _go_on(before, finding)
                changed[before.pk] = before
        elif not _is_normal(anomaly := _anomaly(one), known):
            anomaly.second_opinion = oddness(one.history)
            new.append(anomaly)
    for old in known:
        if not old.ended and old.end + GOES_ON_WITHIN < looked[old.device_id]:
            old.ended = True
            changed[old.pk] = old
    for anomaly in changed.values():
        anomaly.version += 1
    Anomaly.objects.bulk_update(changed.values(), CHANGING)
    Anomaly.objects.bulk_create(new)
    publish_all((anomaly_state(one), one.version) for one in [*changed.values(), *new])
    return len(new)


def anomaly_state(anomaly: Anomaly) -> AnomalyDetected:
    advice = ADVICE[anomaly.fault]
    hours = (anomaly.end - anomaly.start).total_seconds() / 3600
    return AnomalyDetected(
        id=anomaly.pk, device_id=anomaly.device_id, kind=advice.kind, fault=anomaly.fault, severity=advice.severity,
        state=anomaly.state, start=anomaly.start, end=anomaly.end, expected_kwh=anomaly.expected_kwh,
        actual_kwh=anomaly.actual_kwh, confidence=anomaly.confidence, recommendation=advice.recommendation,
        message=f"{advice.title}: {energy(anomaly.actual_kwh)} in {hours:g} h, {energy(anomaly.expected_kwh)} expected"
        + (" at this temperature." if anomaly.with_temperature else "."),
    )  # fmt: skip


def _go_on(before: Anomaly, finding: Finding) -> None:
    """It lasts: what has come since its last look is added to what it was."""
    if finding.start <= before.start:
        before.expected_kwh, before.actual_kwh = finding.expected_kwh, finding.actual_kwh
    else:
        share = min((finding.end - before.end) / (finding.end - finding.start), 1.0)
        before.expected_kwh += share * finding.expected_kwh
        before.actual_kwh += share * finding.actual_kwh
    before.end, before.confidence, before.ended = finding.end, max(before.confidence, finding.confidence), False


def _is_normal(own: Anomaly, known: Sequence[Anomaly]) -> bool:
    size = own.kwh_an_hour
    taught = [
        one.kwh_an_hour for one in known if one.normal and (one.device_id, one.fault) == (own.device_id, own.fault)
    ]
    return any(one * size > 0 and abs(size) <= NORMAL_UP_TO * abs(one) for one in taught)


def _anomaly(found: Found) -> Anomaly:
    finding = found.finding
    return Anomaly(
        device_id=found.device_id, fault=finding.fault, start=finding.start, end=finding.end, confidence=finding.confidence,
        expected_kwh=finding.expected_kwh, actual_kwh=finding.actual_kwh, with_temperature=found.with_temperature,
        detected_at=timezone.now(),
    )  # fmt: skip


def purge_old_anomalies() -> int:
    """Drop those whose last hour is longer ago than ANOMALY_KEEP_DAYS; their number."""
    return forget(Anomaly.objects.filter(end__lt=timezone.now() - timedelta(days=settings.ANOMALY_KEEP_DAYS)))


@transaction.atomic
def teach_normal(*, anomaly: Anomaly, normal: bool) -> Anomaly:
    """Note whether somebody calls it normal, and tell of it."""
    anomaly = Anomaly.objects.select_for_update().get(pk=anomaly.pk)
    if anomaly.normal != normal:
        anomaly.normal = normal
        anomaly.version += 1
        anomaly.save(update_fields=["normal", "version"])
        publish(anomaly_state(anomaly), version=anomaly.version)
    return anomaly
