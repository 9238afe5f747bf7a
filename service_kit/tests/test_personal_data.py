"""What a service holds of a person goes to auth_service alone, in pieces, and is one JSON object in the end."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from service_kit.auth import Caller
from service_kit.personal_data import BATCH, as_json
from service_kit.tests.example.models import Thing


@pytest.mark.parametrize("count", [0, 1, BATCH, BATCH + 1, 2 * BATCH])
def test_a_section_of_any_length_is_a_list(count: int) -> None:
    whole = b"".join(as_json({"hours": iter(range(count)), "name": "Łucja", "none": None, "more": iter("ab")}))
    assert json.loads(whole) == {"hours": list(range(count)), "name": "Łucja", "none": None, "more": ["a", "b"]}


def test_no_section_is_an_empty_object() -> None:
    assert b"".join(as_json({})) == b"{}"


@pytest.mark.django_db
def test_only_a_service_gets_it(
    client_for: Callable[..., APIClient], a_service: Caller, alice: Caller, admin: Caller
) -> None:
    Thing.objects.create(id=uuid.uuid4(), name="kettle", version=1)
    url = f"/internal/users/{alice.id}/export"
    assert [client_for(who).get(url).status_code for who in (None, alice, admin)] == [401, 403, 403]
    answer: Any = client_for(a_service).get(url)
    assert json.loads(b"".join(answer.streaming_content)) == {"things": [{"name": "kettle"}], "of": str(alice.id)}
