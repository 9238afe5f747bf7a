"""What has served its time goes: 29 days stay, 31 go."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from service_kit import purge as module
from service_kit.events import encode
from service_kit.models import OutboxEvent, SagaFence
from service_kit.purge import forget, purge
from service_kit.tests.example.events import ThingDeleted, ThingNamed
from service_kit.tests.example.models import Thing, User

pytestmark = pytest.mark.django_db


def days_ago(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


def buried(days: float) -> Thing:
    return Thing.objects.create(id=uuid.uuid4(), version=3, deleted_at=days_ago(days))


def test_tombstones_of_every_replica_go_after_thirty_days() -> None:
    young, _, alive = buried(29), buried(31), Thing.objects.create(id=uuid.uuid4(), version=1)
    User.objects.create(id=uuid.uuid4(), version=2, deleted_at=days_ago(31))
    assert purge() == 2
    assert set(Thing.objects.values_list("pk", flat=True)) == {young.pk, alive.pk}
    assert not User.objects.exists()


def test_a_tombstone_that_stays_still_refuses_a_late_event(deliver: Any) -> None:
    young = buried(29)
    purge()
    deliver(ThingNamed(id=young.pk, name="late"), version=2)
    assert not Thing.live.exists()


def test_a_deletion_that_comes_again_after_the_purge_is_forgotten_again_in_its_time(deliver: Any) -> None:
    gone = buried(31)
    purge()
    deliver(ThingDeleted(id=gone.pk), version=3)
    assert not Thing.live.exists()
    Thing.objects.update(deleted_at=days_ago(31))
    assert purge() == 1


def test_fences_go_after_thirty_days_and_sent_events_after_seven() -> None:
    for days in (29, 31):
        fence = SagaFence.objects.create(saga_id=uuid.uuid4(), step="x", state="undone")
        SagaFence.objects.filter(pk=fence.pk).update(at=days_ago(days))
    body = encode(ThingNamed(id=uuid.uuid4(), name="x"), version=1)
    for sent in (days_ago(6), days_ago(8), None):
        event = OutboxEvent.objects.create(type="thing.named", body=body, published_at=sent)
        OutboxEvent.objects.filter(pk=event.pk).update(created_at=days_ago(40))
    assert purge() == 2
    assert SagaFence.objects.count() == 1
    assert OutboxEvent.objects.count() == 2


def test_a_forecast_that_was_sent_goes_after_an_hour() -> None:
    for sent in (days_ago(0.5 / 24), days_ago(2 / 24), None):
        OutboxEvent.objects.create(type="forecast.issued", body=b"{}", published_at=sent)
    assert purge() == 1
    assert OutboxEvent.objects.count() == 2


def test_many_go_in_lots(monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any) -> None:
    monkeypatch.setattr(module, "LOT", 10)
    for _ in range(25):
        buried(31)
    rows = Thing.objects.filter(deleted_at__lt=days_ago(30))
    with django_assert_num_queries(7):  # three lots of two statements, and that there is no more
        assert forget(rows) == 25
