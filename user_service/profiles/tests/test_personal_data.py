"""What this service holds of a person, and that it is gone with the person."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from rest_framework.test import APIClient

from service_kit.auth import Caller
from service_kit.events import UserDeleted


def test_the_profile(cast: None, client_for: Callable[..., APIClient], a_service: Caller, alice: Caller) -> None:
    def exported(user_id: uuid.UUID) -> dict[str, Any]:
        answer: Any = client_for(a_service).get(f"/internal/users/{user_id}/export")
        return json.loads(b"".join(answer.streaming_content))

    client_for(alice).patch(f"/api/users/{alice.id}", {"phone": "+39 1", "timezone": "Europe/Rome"})
    hers = exported(alice.id)["profile"]
    assert {**hers, "first_name": "Alice", "last_name": "Rossi", "phone": "+39 1", "timezone": "Europe/Rome"} == hers
    assert exported(uuid.uuid4()) == {"profile": None}


def test_with_the_person_every_trace_goes(
    client_for: Callable[..., APIClient], a_service: Caller, deliver: Callable[..., None], tell_of: Callable[..., None],
    traces: Callable[..., list[str]],
) -> None:  # fmt: skip
    """Given somebody who registered, was changed by the admin and by herself, and of whom the others were told."""
    dora, auth_service = Caller(uuid.uuid4(), "dora", "client"), client_for(a_service)
    names = {"first_name": "Dora", "last_name": "Verdi", "phone": "+39 011 555"}
    words = ("dora", "dora@example.org", "verdi", "Verdi", "+39 011 555")
    registration = {"saga_id": str(uuid.uuid4()), "user_id": str(dora.id), **names}
    assert auth_service.post("/api/users", registration).status_code == 201
    tell_of(dora)
    change = {"saga_id": str(uuid.uuid4()), **names, "first_name": "Theodora"}
    assert auth_service.put(f"/internal/users/{dora.id}", change).status_code == 200
    assert client_for(dora).patch(f"/api/users/{dora.id}", {"timezone": "Asia/Tokyo"}).status_code == 200
    assert {trace.split(":")[0] for trace in traces(*words)} == {
        "people_user", "profiles_profile", "service_kit_outboxevent",
    }  # fmt: skip
    assert auth_service.delete(f"/internal/users/{dora.id}", {"saga_id": str(uuid.uuid4())}).status_code == 204
    deliver(UserDeleted(id=dora.id), version=2)
    assert traces(*words) == []
