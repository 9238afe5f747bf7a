"""The map of the system: every event that one service tells the others, five lines each.

On the wire an event is CloudEvents 1.0 JSON (https://github.com/cloudevents/spec). `data` is the whole current state of the thing
it speaks of, `aggregateversion` that state's version: a receiver keeps the highest version it has seen and never compares clocks.
"""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal, TypeVar

import msgspec
from msgspec import Meta

Instant = Annotated[datetime, Meta(tz=True)]
Role = Literal["admin", "client"]
Kind = Literal["consumption", "production", "grid_import", "grid_export"]
ReadingKind = Literal["interval_kwh", "power_w", "register_kwh"]
Quality = Literal["missing", "reset", "estimated", "partial", "late", "measured"]


class InvalidEvent(ValueError):
    """The message is not one of our events: its text says which part is wrong."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """`type` is the routing key, `owner` the broker user who alone may publish it."""

    type: ClassVar[str]
    owner: ClassVar[str]

    @property
    def subject(self) -> str:
        return str(getattr(self, "id", ""))


@dataclass(frozen=True, kw_only=True)
class Deleted(Event):
    """Nothing is left of it but its id; the envelope's version is the one after its last."""

    id: uuid.UUID


EVENTS: dict[str, type[Event]] = {}
E = TypeVar("E", bound=type[Event])


def _event(type_: str, *, owner: str):  # type: ignore[no-untyped-def]
    def register(cls: E) -> E:
        cls.type, cls.owner = type_, owner
        EVENTS[type_] = cls
        return cls

    return register


# ── users: auth_service owns the account, user_service the profile ──────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class UserState(Event):
    id: uuid.UUID
    username: str
    email: str
    role: Role
    is_active: bool


@_event("user.created", owner="auth")
class UserCreated(UserState): ...


@_event("user.updated", owner="auth")
class UserUpdated(UserState): ...


@_event("user.deleted", owner="auth")
class UserDeleted(Deleted): ...


@_event("profile.updated", owner="user")
@dataclass(frozen=True, kw_only=True)
class ProfileUpdated(Event):
    id: uuid.UUID
    first_name: str
    last_name: str
    phone: str
    timezone: str


# ── devices, plants, tariffs: device_service ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Who may see the device, from an instant (None: since ever) to an instant (None: for ever)."""

    user_id: uuid.UUID
    from_: Instant | None = None
    to: Instant | None = None


@dataclass(frozen=True, kw_only=True)
class MeterCredential:
    """The meter's own secret as hex SHA-256 digest (the secret is 256 random bits); None: it was revoked."""

    digest: str | None


@dataclass(frozen=True, kw_only=True)
class MeterChange:
    """A register meter was replaced: the old one ended at `final_register` kWh, the new one began at `first_register`."""

    at: Instant
    final_register: float
    first_register: float


@dataclass(frozen=True, kw_only=True)
class DeviceState(Event):
    id: uuid.UUID
    name: str
    kind: Kind
    reading: ReadingKind
    interval_seconds: int
    max_consumption: float | None = None
    rated_power_w: float | None = None
    register_max: float | None = None
    category: str | None = None
    plant_id: uuid.UUID | None = None
    parent_id: uuid.UUID | None = None
    assignments: list[Assignment] = field(default_factory=list)
    credential: MeterCredential | None = None  # None: it never had one
    meter_changes: list[MeterChange] = field(default_factory=list)


@_event("device.created", owner="device")
class DeviceCreated(DeviceState): ...


@_event("device.updated", owner="device")
class DeviceUpdated(DeviceState): ...


@_event("device.deleted", owner="device")
class DeviceDeleted(Deleted): ...


@_event("device.assigned", owner="device")
class DeviceAssigned(DeviceState): ...


@_event("device.unassigned", owner="device")
class DeviceUnassigned(DeviceState): ...


@dataclass(frozen=True, kw_only=True)
class TariffChange:
    """From `at` on the plant is on this tariff, until its next change."""

    at: Instant
    tariff_id: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class PlantState(Event):
    id: uuid.UUID
    name: str
    timezone: str
    country: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    tariff_id: uuid.UUID | None = None  # until the first of the changes
    tariff_changes: list[TariffChange] = field(default_factory=list)
    co2_g_per_kwh: float | None = None


@_event("plant.created", owner="device")
class PlantCreated(PlantState): ...


@_event("plant.updated", owner="device")
class PlantUpdated(PlantState): ...


@_event("plant.deleted", owner="device")
class PlantDeleted(Deleted): ...


@dataclass(frozen=True, kw_only=True)
class TariffRate:
    """A price per kWh that holds on `weekdays` (1 Monday to 7 Sunday) from minute to minute of the plant's local day."""

    price_per_kwh: float
    weekdays: list[int]
    from_minute: int
    to_minute: int


@dataclass(frozen=True, kw_only=True)
class TariffState(Event):
    id: uuid.UUID
    name: str
    currency: str
    valid_from: Instant | None
    valid_to: Instant | None
    standing_charge_per_day: float
    feed_in_per_kwh: float
    rates: list[TariffRate]


@_event("tariff.created", owner="device")
class TariffCreated(TariffState): ...


@_event("tariff.updated", owner="device")
class TariffUpdated(TariffState): ...


@_event("tariff.deleted", owner="device")
class TariffDeleted(Deleted): ...


# ── energy: monitoring_service ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class HourState:
    """One device's hour [start, start + 1 h): kWh (None: missing), how many readings of how many expected, its own version."""

    device_id: uuid.UUID
    start: Instant
    kwh: float | None
    readings: int
    expected: float | None
    quality: Quality
    version: int


@_event("consumption.hourly", owner="monitoring")
@dataclass(frozen=True, kw_only=True)
class ConsumptionHourly(Event):
    """A batch: each hour carries its own version, so the envelope's is only their maximum."""

    hours: list[HourState]


@dataclass(frozen=True, kw_only=True)
class SeriesHour:
    """What is known of [start, start + 1 h): as it was measured, else by the newest forecast."""

    start: Instant
    value: float


@_event("series.updated", owner="monitoring")
@dataclass(frozen=True, kw_only=True)
class SeriesUpdated(Event):
    """A batch of changed hours of a plant's series, such as its temperature; the envelope's version is that of the series.

    after: the version of the series that the batch follows; who has less than that lacks a batch. 0: it follows nothing.
    """

    plant_id: uuid.UUID
    name: str
    unit: str
    hours: list[SeriesHour]
    after: int = 0

    @property
    def subject(self) -> str:
        return f"{self.plant_id}/{self.name}"


# ── forecasts: forecast_service ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class ForecastPoint:
    start: Instant
    kwh: float
    lower_80: float
    upper_80: float


@_event("forecast.issued", owner="forecast")
@dataclass(frozen=True, kw_only=True)
class ForecastIssued(Event):
    scope: str
    model: str
    issued_at: Instant
    points: list[ForecastPoint]

    @property
    def subject(self) -> str:
        return self.scope


@_event("anomaly.detected", owner="forecast")
@dataclass(frozen=True, kw_only=True)
class AnomalyDetected(Event):
    """Hours [start, end) of a device that its forecast or its own past does not explain; told anew whenever it changes.

    expected_kwh, actual_kwh: over these hours. confidence: 0 to 1. state: "open" while it may go on, "normal" once somebody
    who knows has said that it is nothing.
    """

    id: uuid.UUID
    device_id: uuid.UUID
    kind: Literal["anomaly", "fault"]
    fault: str
    severity: Literal["low", "medium", "high"]
    state: Literal["open", "ended", "normal"]
    start: Instant
    end: Instant
    expected_kwh: float
    actual_kwh: float
    confidence: float
    message: str
    recommendation: str


@_event("anomaly.judged", owner="monitoring")
@dataclass(frozen=True, kw_only=True)
class AnomalyJudged(Event):
    """Somebody who saw the alert of this anomaly says whether it is normal; its version is that of the anomaly they saw."""

    id: uuid.UUID
    normal: bool


# ── the envelope ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What surrounds an event: `version` is its aggregate's version, `correlation_id` the request it began with."""

    event: Event
    id: uuid.UUID
    version: int
    time: datetime
    correlation_id: str | None


@dataclass(frozen=True, kw_only=True)
class _CloudEvent:
    specversion: Literal["1.0"]
    id: uuid.UUID
    source: str
    type: str
    subject: str
    time: Instant
    aggregateversion: Annotated[int, Meta(ge=0)]
    data: msgspec.Raw
    datacontenttype: Literal["application/json"] = "application/json"
    correlationid: str | None = None


def encode(event: Event, *, version: int, correlation_id: str | None = None) -> bytes:
    """The event as CloudEvents JSON, with a new id and the present time."""
    return msgspec.json.encode(
        _CloudEvent(
            specversion="1.0",
            id=uuid.uuid4(),
            source=f"/{event.owner}",
            type=event.type,
            subject=event.subject,
            time=datetime.now(UTC),
            aggregateversion=version,
            data=msgspec.Raw(msgspec.json.encode(event)),
            correlationid=correlation_id,
        )
    )


def decode(body: bytes) -> Envelope:
    """The envelope with its typed event. Raises InvalidEvent saying what is wrong."""
    try:
        outer = msgspec.json.decode(body, type=_CloudEvent)
        kind = EVENTS.get(outer.type)
        if kind is None:
            raise InvalidEvent(f"unknown event type {outer.type!r}")
        event = msgspec.json.decode(outer.data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidEvent(str(error)) from None
    return Envelope(
        event=event,
        id=outer.id,
        version=outer.aggregateversion,
        time=outer.time,
        correlation_id=outer.correlationid,
    )
