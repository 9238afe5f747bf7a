"""The calls to the services that take part. An answer is yes, no, or unknown; unknown is never taken for either."""

import time
import uuid
from typing import IO, Any

import httpx
import structlog
from django.conf import settings

from auth_service.tokens.jwt import service_token

log = structlog.get_logger(__name__)
# Connections are kept: making one, with all that a client reads first, costs more than a call. No proxy lies between services.
_http = httpx.Client(timeout=httpx.Timeout(3, connect=1), trust_env=False)


class Refused(Exception):
    """The participant answered that it will not: asking again is of no use. `status` and `answer` are its own."""

    def __init__(self, who: str, status: int, answer: Any) -> None:
        super().__init__(f"{who} answered {status}: {answer}")
        self.status, self.answer = status, answer


class Unknown(Exception):
    """No answer, or one that does not tell whether the step was done."""


def call(method: str, url: str, *, json: dict[str, Any]) -> dict[str, Any]:
    """The participant's JSON answer to a request with a service token. Raises Refused (4xx) or Unknown."""
    try:
        answer = _http.request(method, url, json=json, headers=_headers())
    except httpx.HTTPError as error:
        raise Unknown(f"{method} {url}: {type(error).__name__} {error}") from None
    # 401, 408 and 429 come from keys that are still being fetched or from overload: the next try may be answered.
    if answer.status_code in {401, 408, 429} or answer.status_code >= 500:
        raise Unknown(f"{method} {url} answered {answer.status_code}")
    try:
        body = answer.json() if answer.content else {}
    except ValueError:
        raise Unknown(f"{method} {url} answered {answer.status_code} with something that is not JSON") from None
    if answer.is_error:
        raise Refused(url, answer.status_code, body)
    return body if isinstance(body, dict) else {}


def download(url: str, *, into: IO[bytes], seconds: float) -> bool:
    """The whole answer to a GET into a file; False when it did not come, or not whole, in time."""
    give_up = time.monotonic() + seconds
    try:
        with _http.stream("GET", url, headers=_headers(), timeout=httpx.Timeout(seconds, connect=1)) as answer:
            answer.raise_for_status()
            for piece in answer.iter_bytes():
                into.write(piece)
                if time.monotonic() > give_up:
                    raise httpx.ReadTimeout(f"not whole after {seconds:g} s")
    except httpx.HTTPError as error:
        log.warning("no whole answer", url=url, error=f"{type(error).__name__} {error}")
        return False
    return True


def _headers() -> dict[str, str]:
    correlation_id = structlog.contextvars.get_contextvars().get("correlation_id", "")
    return {"Authorization": f"Bearer {service_token()}", "X-Request-ID": correlation_id}


def create_profile(
    *,
    saga_id: uuid.UUID,
    user_id: uuid.UUID,
    first_name: str,
    last_name: str,
    phone: str,
) -> None:
    body = {
        "user_id": str(user_id),
        "first_name": first_name,
        "last_name": last_name,
        "phone": phone,
    }
    call("POST", f"{settings.USER_URL}/api/users", json={"saga_id": str(saga_id), **body})


def undo_profile(*, saga_id: uuid.UUID, user_id: uuid.UUID) -> None:
    call(
        "DELETE",
        f"{settings.USER_URL}/api/users/{user_id}/rollback",
        json={"saga_id": str(saga_id)},
    )


def admit_to_devices(*, saga_id: uuid.UUID, user_id: uuid.UUID, username: str, role: str) -> None:
    body = {"user_id": str(user_id), "username": username, "role": role}
    call(
        "POST",
        f"{settings.DEVICE_URL}/internal/users",
        json={"saga_id": str(saga_id), **body},
    )


def undo_device_user(*, saga_id: uuid.UUID, user_id: uuid.UUID) -> None:
    call(
        "DELETE",
        f"{settings.DEVICE_URL}/internal/users/{user_id}/rollback",
        json={"saga_id": str(saga_id)},
    )


def update_profile(
    *, saga_id: uuid.UUID, user_id: uuid.UUID, first_name: str, last_name: str, phone: str
) -> dict[str, Any]:
    """The `profile_version` that has these names."""
    body = {"first_name": first_name, "last_name": last_name, "phone": phone}
    answer = call("PUT", f"{settings.USER_URL}/internal/users/{user_id}", json={"saga_id": str(saga_id), **body})
    return {"profile_version": answer["version"]}


def remove_profile(*, saga_id: uuid.UUID, user_id: uuid.UUID) -> None:
    call("DELETE", f"{settings.USER_URL}/internal/users/{user_id}", json={"saga_id": str(saga_id)})


def remove_device_user(*, saga_id: uuid.UUID, user_id: uuid.UUID) -> None:
    call("DELETE", f"{settings.DEVICE_URL}/internal/users/{user_id}", json={"saga_id": str(saga_id)})
