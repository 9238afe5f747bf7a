"""Whatever breaks, nobody misses an event and nobody is told twice."""

import asyncio
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from monitoring_service.conftest import TEN_MINUTES, reading
from monitoring_service.live import app
from monitoring_service.live.hub import PART_BYTES, WAITING_AT_MOST, Stream
from monitoring_service.live.tests.conftest import Watcher
from service_kit.auth import Caller

pytestmark = pytest.mark.django_db(transaction=True)
# The service does not repeat itself, so that each story has readings of its own.
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
Watch = Callable[..., Watcher]
Send = Callable[..., Any]


def test_a_resumed_stream_has_neither_gap_nor_double(
    meter: uuid.UUID, watch: Watch, send: Send, alice: Caller, admin: Caller
) -> None:
    watcher, witness = watch(alice), watch(admin)
    send(reading(NOW - 5 * TEN_MINUTES, 0.1))
    watcher.next_of("measurement")
    witness.next_of("measurement")
    watcher.close()
    for step in range(4, 1, -1):
        send(reading(NOW - step * TEN_MINUTES, step / 10))
        witness.next_of("measurement")

    resumed = watch(alice, **{"Last-Event-ID": watcher.last_id})
    send(reading(NOW - TEN_MINUTES, 0.9))

    assert [resumed.next_of("measurement")["value"] for _ in range(4)] == [0.4, 0.3, 0.2, 0.9]
    witness.next_of("measurement")
    assert resumed.last_id == witness.last_id


def test_who_watches_alone_misses_nothing_either(meter: uuid.UUID, watch: Watch, send: Send, alice: Caller) -> None:
    watcher = watch(alice)
    send(reading(NOW - 5 * TEN_MINUTES, 0.15))
    watcher.next_of("measurement")
    watcher.close()
    for step in (4, 3):
        send(reading(NOW - step * TEN_MINUTES, step / 10 + 0.05))

    resumed = watch(alice, **{"Last-Event-ID": watcher.last_id})
    seen = [resumed.next()]
    while seen[-1] and seen[-1][1].get("value") != 0.35:
        seen.append(resumed.next())
    assert [shown["readings"] for name, shown in filter(None, seen) if name == "hour"][-1] == 3


def test_a_stream_that_broke_before_its_first_event_resumes_too(
    meter: uuid.UUID, watch: Watch, send: Send, alice: Caller, admin: Caller
) -> None:
    watcher, witness = watch(alice), watch(admin)
    broken_at = watcher.read_id()
    watcher.close()
    send(reading(NOW, 0.41))
    witness.next_of("measurement")

    assert watch(alice, **{"Last-Event-ID": broken_at}).next_of("measurement")["value"] == 0.41


def test_an_unknown_id_brings_the_present_and_can_be_resumed_only_when_all_of_it_came(
    meter: uuid.UUID, watch: Watch, send: Send, alice: Caller
) -> None:
    send(reading(NOW, 0.42))

    for nonsense in ("1-1", "x", "-", "9" * 30):
        watcher = watch(alice, **{"Last-Event-ID": nonsense})
        assert watcher.next_of("measurement")["value"] == 0.42
        assert watcher.last_id == ""
        assert watcher.read_id() != ""


def test_the_same_state_is_not_told_again(meter: uuid.UUID, watch: Watch, send: Send, alice: Caller) -> None:
    watcher = watch(alice)
    send(reading(NOW, 0.43))
    watcher.next_of("measurement")

    # A late reading changes an hour; the newest reading is what it was.
    send(reading(NOW - timedelta(hours=5), 0.13))
    send(reading(NOW + TEN_MINUTES, 0.63))

    assert [event[0] for event in (watcher.next(), watcher.next()) if event] == ["hour", "hour"]
    assert watcher.next_of("measurement")["value"] == 0.63


def test_lost_database_connections_lose_no_event(meter: uuid.UUID, watch: Watch, send: Send, alice: Caller) -> None:
    watcher = watch(alice)
    send(reading(NOW - TEN_MINUTES, 0.14))
    watcher.next_of("measurement")

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] >= 1
    send(reading(NOW, 0.24))

    assert watcher.next_of("measurement")["value"] == 0.24


def a_stream(alice: Caller) -> Stream:
    return Stream(Caller(alice.id, alice.username, alice.role, int(time.time()) + 60), "")


def test_who_reads_too_slowly_is_ended_and_takes_no_memory(alice: Caller) -> None:
    async def story() -> tuple[int, bytes]:
        stream = a_stream(alice)
        stream.put_first([b"missed"] * 3 * WAITING_AT_MOST)  # what was missed may be more than what may wait
        taken = len(await stream.next())
        while taken < 3 * WAITING_AT_MOST * len(b"missed"):
            part = await stream.next()
            assert len(part) < PART_BYTES + len(b"missed")
            taken += len(part)
        for _ in range(10 * WAITING_AT_MOST):
            stream.put(b"event")
        return taken, await stream.next()

    taken, end = asyncio.run(story())

    assert taken == 3 * WAITING_AT_MOST * len(b"missed")
    assert end == b""


def test_a_quiet_stream_beats(alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "HEARTBEAT_SECONDS", 0.01)
    sent: list[bytes] = []

    async def story() -> None:
        stream = a_stream(alice)

        async def send(message: Any) -> None:
            sent.append(message["body"])
            if len(sent) == 3:
                stream.end()

        await app._feed(stream, send)

    asyncio.run(story())

    assert sent == [b": alive\n\n"] * 3
