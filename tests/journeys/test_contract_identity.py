"""Accounts and profiles: register, sign in, stay signed in, sign out; what the admin may do and a client may not."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.journeys.client import Api, wait_for
from tests.journeys.conftest import PASSWORD, Person, registered

Register = Callable[[str], Person]
USER_FIELDS = {"id", "username", "email", "role", "first_name", "last_name", "phone", "is_active", "created_at"}


def application(**fields: Any) -> dict[str, Any]:
    name = f"dora-{uuid.uuid4().hex[:8]}"
    return {
        "username": name,
        "email": f"{name}@example.org",
        "password": PASSWORD,
        "first_name": "Dora",
        "last_name": "Journey",
        **fields,
    }


def sign_in(anyone: Api, name: str, password: str = PASSWORD) -> dict[str, Any]:
    return anyone.post("/api/auth/login", {"username": name, "password": password})


def refused(caller: Api, path: str) -> None:
    """Wait until the event has arrived that ends the caller's tokens."""
    wait_for(f"the token is refused at {path}", lambda: caller.get(path, expect=401))


def test_whoever_registers_is_a_client_whatever_role_they_ask_for(anyone: Api) -> None:
    body = application(role="admin", phone="+49 30 123456")
    answer = registered(anyone, body)

    assert set(answer) >= {"user", "access", "refresh"}
    assert set(answer["user"]) >= USER_FIELDS
    assert answer["user"]["role"] == "client"
    assert answer["user"]["is_active"] is True
    assert answer["user"]["phone"] == "+49 30 123456"
    assert answer["user"]["username"] == body["username"]


@pytest.mark.parametrize("change", [{"email": "no-address"}, {"password": "1"}, {"username": ""}])
def test_a_bad_application_is_refused_naming_the_field(anyone: Api, change: dict[str, str]) -> None:
    answer = anyone.post("/api/auth/register", application(**change), expect=400)

    assert next(iter(change)) in answer


def test_a_name_that_is_taken_is_refused(anyone: Api, alice: Person) -> None:
    answer = anyone.post("/api/auth/register", application(username=alice.username), expect=(400, 409))

    assert "username" in str(answer)


def test_one_signs_in_by_name_or_by_address(anyone: Api, alice: Person) -> None:
    for name in (alice.username, f"{alice.username}@example.org"):
        answer = sign_in(anyone, name)
        assert answer["user"]["id"] == alice.id
        assert set(answer) >= {"access", "refresh", "user"}


def test_a_wrong_password_is_401_and_tells_nothing_more(anyone: Api, alice: Person) -> None:
    wrong = anyone.post("/api/auth/login", {"username": alice.username, "password": "wrong"}, expect=401)
    nobody = anyone.post(
        "/api/auth/login", {"username": f"nobody-{uuid.uuid4().hex[:8]}", "password": "wrong"}, expect=401
    )

    assert wrong == nobody


def test_validate_says_who_one_is_and_until_when(alice: Person, admin: Person) -> None:
    answer = alice.api.get("/api/auth/validate")

    assert answer["user_id"] == alice.id
    assert answer["username"] == alice.username
    assert answer["role"] == "client"
    assert datetime.fromisoformat(answer["expires_at"]) > datetime.now(UTC)
    assert admin.api.get("/api/auth/validate")["role"] == "admin"


def test_a_refresh_token_works_once_and_a_used_one_ends_its_family(anyone: Api, register: Register) -> None:
    first = register("Dora").refresh
    second = anyone.post("/api/auth/refresh", {"refresh": first})
    third = anyone.post("/api/auth/refresh", {"refresh": second["refresh"]})
    assert second["access"]
    assert third["access"]

    anyone.post("/api/auth/refresh", {"refresh": first}, expect=401)

    anyone.post("/api/auth/refresh", {"refresh": third["refresh"]}, expect=401)


def test_after_signing_out_the_refresh_token_is_dead(anyone: Api, register: Register) -> None:
    dora = register("Dora")

    dora.api.post("/api/auth/logout", {"refresh": dora.refresh}, expect=(200, 204, 205))

    anyone.post("/api/auth/refresh", {"refresh": dora.refresh}, expect=401)


def test_in_a_browser_the_refresh_token_is_a_cookie_that_scripts_cannot_read(gateway_url: str, alice: Person) -> None:
    with httpx.Client(base_url=gateway_url, trust_env=False) as browser:
        body = {"username": alice.username, "password": PASSWORD, "cookie": True}
        answer = browser.post("/api/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie

        again = browser.post("/api/auth/refresh", json={})
        assert again.status_code == 200, again.text
        assert again.json()["access"]


def test_the_public_keys_are_there_and_no_private_part(anyone: Api) -> None:
    keys = anyone.get("/api/auth/.well-known/jwks.json")["keys"]

    assert keys
    assert all({"kty", "kid", "n", "e"} <= set(key) and "d" not in key for key in keys)


def test_only_the_admin_manages_accounts(admin: Person, alice: Person) -> None:
    assert alice.id in {user["id"] for user in admin.api.every("/api/auth/users", page_size=500)}
    assert set(admin.api.get(f"/api/auth/users/{alice.id}")) >= USER_FIELDS

    alice.api.get("/api/auth/users", expect=403)
    alice.api.get(f"/api/auth/users/{alice.id}", expect=403)
    alice.api.post("/api/auth/users", application(), expect=403)
    alice.api.delete(f"/api/auth/users/{alice.id}", expect=403)


def test_an_account_that_the_admin_makes_works_and_dies_everywhere(
    gateway_url: str, anyone: Api, admin: Person
) -> None:
    body = application(role="client")
    made = admin.api.post("/api/auth/users", body, expect=(201, 202))
    if "status_url" in made:
        made = wait_for("the account is made", lambda: admin.api.get(made["status_url"], expect=201))
    user = made.get("user", made)
    dora = Api(gateway_url, token=sign_in(anyone, body["username"])["access"])
    assert dora.get(f"/api/users/{user['id']}")["first_name"] == "Dora"

    changed = admin.api.patch(f"/api/auth/users/{user['id']}", {"first_name": "Theodora"}, expect=(200, 202))
    assert changed
    wait_for("the new name arrives", lambda: dora.get(f"/api/users/{user['id']}")["first_name"] == "Theodora")

    admin.api.delete(f"/api/auth/users/{user['id']}", expect=(200, 202, 204))
    for path in ("/api/auth/validate", "/api/devices", "/api/monitoring/devices", f"/api/users/{user['id']}"):
        refused(dora, path)
    anyone.post("/api/auth/login", {"username": body["username"], "password": PASSWORD}, expect=401)
    wait_for("the profile is gone", lambda: admin.api.get(f"/api/users/{user['id']}", expect=404))


def test_a_deactivated_user_is_refused_everywhere(admin: Person, register: Register, anyone: Api) -> None:
    dora = register("Dora")

    admin.api.patch(f"/api/auth/users/{dora.id}", {"is_active": False}, expect=(200, 202))

    for path in ("/api/auth/validate", "/api/devices", "/api/monitoring/devices"):
        refused(dora.api, path)
    anyone.post("/api/auth/login", {"username": dora.username, "password": PASSWORD}, expect=401)


def test_a_profile_is_read_and_changed_by_its_owner_and_the_admin_only(
    alice: Person, bob: Person, admin: Person
) -> None:
    path = f"/api/users/{alice.id}"
    assert {"first_name", "last_name", "phone", "timezone"} <= set(alice.api.get(path))

    assert alice.api.patch(path, {"timezone": "Europe/Rome"})["timezone"] == "Europe/Rome"
    assert admin.api.patch(path, {"phone": "+39 06 1"})["phone"] == "+39 06 1"
    assert "timezone" in alice.api.patch(path, {"timezone": "Mars/Olympus"}, expect=400)
    bob.api.get(path, expect=404)
    bob.api.patch(path, {"first_name": "Mallory"}, expect=404)


def test_only_the_admin_lists_profiles(alice: Person, admin: Person) -> None:
    assert alice.id in {profile["id"] for profile in admin.api.every("/api/users", page_size=500)}

    alice.api.get("/api/users", expect=403)


def test_the_sagas_addresses_never_open_for_a_users_token(alice: Person, admin: Person) -> None:
    body = {"saga_id": str(uuid.uuid4()), "user_id": str(uuid.uuid4()), "first_name": "M", "last_name": "M"}
    for person in (alice, admin):
        person.api.post("/api/users", body, expect=(403, 404))
        answer = person.api.http.request("DELETE", f"/api/users/{alice.id}/rollback", json={"saga_id": body["saga_id"]})
        assert answer.status_code in (403, 404), answer.text
    assert alice.api.get(f"/api/users/{alice.id}")["first_name"] == "Alice"


def test_after_registering_every_service_knows_the_user(register: Register, admin: Person) -> None:
    dora = register("Dora")

    # device_service took part in the registration, so it knows the user at once; monitoring hears of it by an event.
    assert dora.api.get("/api/devices")["count"] == 0
    assert dora.api.get(f"/api/users/{dora.id}")["first_name"] == "Dora"
    assert admin.api.get(f"/api/mappings/user/{dora.id}/devices") is not None
    wait_for(
        "the user arrives in monitoring",
        lambda: dora.id in {user["id"] for user in admin.api.every("/api/monitoring/users", page_size=500)},
    )
