"""One device, several, a plant or all: totals by kind, nothing counted twice, and nothing that is somebody else's."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from monitoring_service.conftest import DAY, METER, device_event, ten_minutes
from service_kit.auth import Caller
from service_kit.events import Assignment, PlantCreated

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Caller | None], Any]
ADDRESS = "/api/monitoring/hourly/range"
SPAN = {"start": "2026-03-10", "end": "2026-03-11"}
PLANT, HEAT_PUMP, COMPRESSOR, ROOF, BOBS = (uuid.UUID(int=n) for n in range(1, 6))


@pytest.fixture
def home(db: None, deliver: Callable[..., None], send: Callable[..., Any], alice: Caller, bob: Caller) -> uuid.UUID:
    """Alice's home: a main meter, below it a heat pump, below that its compressor; a roof; Bob's meter in the same plant."""
    deliver(PlantCreated(id=PLANT, name="Home", timezone="Europe/Rome"))
    for device_id, kind, parent, owner, value in (
        (METER, "consumption", None, alice, 0.3),
        (HEAT_PUMP, "consumption", METER, alice, 0.2),
        (COMPRESSOR, "consumption", HEAT_PUMP, alice, 0.1),
        (ROOF, "production", METER, alice, 0.5),
        (BOBS, "consumption", None, bob, 1.0),
    ):
        deliver(device_event(device_id, owners=[owner], kind=kind, parent_id=parent, plant_id=PLANT))
        send(ten_minutes(DAY, [value] * 6, device_id))
    return PLANT


def totals(body: dict[str, Any]) -> dict[str, Any]:
    return {kind: pytest.approx(found["total_kwh"]) for kind, found in body["by_kind"].items()}


@pytest.mark.parametrize("question", [{"plant_id": PLANT}, {"scope": "all"}])
def test_alices_energy_is_told_by_kind_and_her_main_meter_counts_alone(
    home: uuid.UUID, client_for: ClientFor, alice: Caller, question: dict[str, Any]
) -> None:
    body = client_for(alice).get(ADDRESS, {**question, **SPAN}).json()

    assert totals(body) == {"consumption": 1.8, "production": 3.0}
    assert body["by_kind"]["consumption"]["device_ids"] == [str(METER)]
    assert (body["kind"], body["total_kwh"], body["timezone"]) == ("consumption", pytest.approx(1.8), "Europe/Rome")
    assert len(body["data"]) == len(body["by_kind"]["production"]["data"]) == 24


def test_the_admin_gets_all_of_the_plant(home: uuid.UUID, client_for: ClientFor, admin: Caller) -> None:
    body = client_for(admin).get(ADDRESS, {"plant_id": PLANT, **SPAN}).json()

    assert totals(body) == {"consumption": 7.8, "production": 3.0}
    assert sorted(body["by_kind"]["consumption"]["device_ids"]) == sorted([str(METER), str(BOBS)])


def test_bob_gets_only_his_share_and_charlie_no_plant(
    home: uuid.UUID, client_for: ClientFor, bob: Caller, charlie: Caller
) -> None:
    assert totals(client_for(bob).get(ADDRESS, {"plant_id": PLANT, **SPAN}).json()) == {"consumption": 6.0}
    assert client_for(charlie).get(ADDRESS, {"plant_id": PLANT, **SPAN}).status_code == 404
    nothing = client_for(charlie).get(ADDRESS, {"scope": "all", **SPAN}).json()
    assert (nothing["total_kwh"], nothing["by_kind"], len(nothing["data"])) == (None, {}, 24)


def test_a_sub_meter_counts_where_the_meter_above_it_is_not_asked_for(
    home: uuid.UUID, client_for: ClientFor, alice: Caller
) -> None:
    client = client_for(alice)

    def total(*devices: uuid.UUID) -> float:
        return float(client.get(ADDRESS, {"device_id": devices, **SPAN}).json()["total_kwh"])

    assert total(HEAT_PUMP) == pytest.approx(1.2)
    assert total(METER, HEAT_PUMP) == pytest.approx(1.8)
    # The compressor is part of the main meter's energy also when the heat pump between them is not asked for.
    assert total(METER, COMPRESSOR) == pytest.approx(1.8)


def test_meters_that_are_above_each_other_end_no_worker(
    home: uuid.UUID, deliver: Callable[..., None], client_for: ClientFor, alice: Caller
) -> None:
    deliver(device_event(METER, owners=[alice], parent_id=COMPRESSOR, plant_id=PLANT), version=2)

    assert client_for(alice).get(ADDRESS, {"scope": "all", **SPAN}).status_code == 200


def test_periods_that_overlap_count_once(
    home: uuid.UUID, deliver: Callable[..., None], client_for: ClientFor, bob: Caller
) -> None:
    def at(minutes: int) -> Any:
        return DAY + timedelta(minutes=minutes)

    periods = [(0, 30), (15, 45), (40, 43), (50, 50)]
    assignments = [Assignment(user_id=bob.id, from_=at(begin), to=at(end)) for begin, end in periods]
    deliver(device_event(METER, owners=assignments, plant_id=PLANT), version=2)

    body = client_for(bob).get(ADDRESS, {"device_id": METER, **SPAN}).json()

    assert body["total_kwh"] == pytest.approx(1.8 * 3 / 4)


@pytest.mark.parametrize(
    "question", [{}, {"scope": "some"}, {"plant_id": PLANT, "scope": "all"}, {"plant_id": "x"}, {"device_id": []}]
)
def test_exactly_one_selection_is_asked_for(
    home: uuid.UUID, client_for: ClientFor, alice: Caller, question: dict[str, Any]
) -> None:
    assert client_for(alice).get(ADDRESS, {**question, **SPAN}).status_code == 400


def test_a_plant_takes_as_few_queries_as_a_device(
    home: uuid.UUID, client_for: ClientFor, alice: Caller, django_assert_max_num_queries: Any
) -> None:
    client = client_for(alice)

    with django_assert_max_num_queries(4):
        client.get(ADDRESS, {"plant_id": PLANT, **SPAN})


def test_an_answer_that_is_known_already_is_not_sent_again(
    home: uuid.UUID,
    deliver: Callable[..., None],
    send: Callable[..., Any],
    client_for: ClientFor,
    alice: Caller,
    bob: Caller,
    django_assert_max_num_queries: Any,
) -> None:
    client, question = client_for(alice), {"device_id": METER, **SPAN}
    known = client.get(ADDRESS, question)["ETag"]

    def again(**more: Any) -> Any:
        return client.get(ADDRESS, {**question, **more}, headers={"If-None-Match": known})

    with django_assert_max_num_queries(2):
        unchanged = again()
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert again(resolution="day").status_code == 200
    assert again(timezone="UTC").status_code == 200
    send(ten_minutes(DAY + timedelta(hours=5), [0.1]))
    changed = again()
    assert (changed.status_code, changed.json()["total_kwh"]) == (200, pytest.approx(1.9))
    known = changed["ETag"]
    assert again().status_code == 304
    deliver(device_event(METER, owners=[alice], interval_seconds=900, plant_id=PLANT), version=2)
    assert again().status_code == 200


def test_bobs_answer_has_another_tag_than_alices(
    home: uuid.UUID, deliver: Callable[..., None], client_for: ClientFor, alice: Caller, bob: Caller
) -> None:
    period = Assignment(user_id=bob.id, from_=DAY + timedelta(minutes=30))
    deliver(device_event(METER, owners=[alice, period], plant_id=PLANT), version=2)
    alices = client_for(alice).get(ADDRESS, {"device_id": METER, **SPAN})

    bobs = client_for(bob).get(ADDRESS, {"device_id": METER, **SPAN}, headers={"If-None-Match": alices["ETag"]})

    assert (bobs.status_code, bobs.json()["total_kwh"]) == (200, pytest.approx(0.9))
    assert bobs["Cache-Control"] == "private, no-cache"
