"""A meter's own secret: shown once, kept as a digest, ended by a new one or by revoking."""

import hashlib
import uuid
from collections.abc import Callable
from typing import Any

from rest_framework.test import APIClient

from device_service.devices.models import Credential, Device
from device_service.devices.services import credential_matches


def test_the_secret_is_shown_once_and_kept_as_a_digest(by_admin: APIClient, make_device: Callable[..., Device]) -> None:
    device = make_device()
    secret = by_admin.post(f"/api/devices/{device.pk}/credentials").json()["secret"]
    assert len(secret) >= 43
    assert credential_matches(device_id=device.pk, secret=secret)
    assert not credential_matches(device_id=device.pk, secret=secret + "x")
    assert not credential_matches(device_id=make_device().pk, secret=secret)
    assert secret != Credential.objects.get(device=device).digest
    assert secret not in str(by_admin.get(f"/api/devices/{device.pk}").content)
    assert by_admin.get(f"/api/devices/{device.pk}/credentials").status_code == 405


def test_a_new_secret_ends_the_former_and_revoking_ends_it_for_good(
    by_admin: APIClient, make_device: Callable[..., Device]
) -> None:
    device = make_device()
    url = f"/api/devices/{device.pk}/credentials"
    former, present = (by_admin.post(url).json()["secret"] for _ in range(2))
    assert not credential_matches(device_id=device.pk, secret=former)
    assert credential_matches(device_id=device.pk, secret=present)
    assert [by_admin.delete(url).status_code for _ in range(2)] == [204, 204]
    assert not credential_matches(device_id=device.pk, secret=present)
    assert not credential_matches(device_id=device.pk, secret="")


def test_the_others_are_told_the_digest_and_that_it_was_revoked(
    by_admin: APIClient, make_device: Callable[..., Device], published: Callable[[], list[Any]]
) -> None:
    device = make_device()
    url = f"/api/devices/{device.pk}/credentials"

    secret = by_admin.post(url).json()["secret"]
    by_admin.delete(url)
    by_admin.delete(url)

    told = [(e.version, e.event.credential and e.event.credential.digest) for e in published()]
    assert told == [(1, None), (2, hashlib.sha256(secret.encode()).hexdigest()), (3, None)]
    assert published()[0].event.credential is None
    assert published()[2].event.credential is not None, "revoked is not the same as never issued"
    assert by_admin.post(f"/api/devices/{uuid.uuid4()}/credentials").status_code == 404
    assert by_admin.delete(f"/api/devices/{uuid.uuid4()}/credentials").status_code == 404
