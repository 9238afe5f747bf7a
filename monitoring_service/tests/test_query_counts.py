"""Lists whose rows are simple take three queries however long they are: the caller's copy, the count, the page.

Lists with a story of their own assert theirs beside it.
"""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from monitoring_service.alerts.models import Alert, AlertRule
from monitoring_service.conftest import device_event
from monitoring_service.series.models import Series
from service_kit.auth import Caller
from service_kit.events import PlantCreated, UserCreated

PLANT = uuid.UUID(int=7)


@pytest.fixture
def many(db: None, deliver: Callable[..., None]) -> None:
    """A plant with a meter and 20 series, 20 people, 20 rules."""
    deliver(PlantCreated(id=PLANT, name="Home", timezone="Europe/Rome"))
    deliver(device_event(plant_id=PLANT))
    for n in range(20):
        name = f"person-{n}"
        deliver(
            UserCreated(id=uuid.UUID(int=n + 1), username=name, email=f"{name}@x.org", role="client", is_active=True)
        )
        Series.objects.create(plant_id=PLANT, name=f"series-{n}", unit="g/kWh")
        AlertRule.objects.create(type=Alert.Type.SPIKE, device_id=uuid.uuid4(), enabled=False)


@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/api/monitoring/users", 3),
        ("/api/alerts/rules", 3),
        (f"/api/plants/{PLANT}/series", 5),  # and the plant with its zone
    ],
)
def test_a_list_takes_as_few_queries_for_many_rows(
    many: None,
    client_for: Callable[..., Any],
    admin: Caller,
    django_assert_num_queries: Any,
    address: str,
    queries: int,
) -> None:
    client = client_for(admin)

    with django_assert_num_queries(queries):
        body = client.get(address).json()

    assert len(body["results"]) == body["count"] == 20
