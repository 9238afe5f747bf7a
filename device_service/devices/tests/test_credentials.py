"""A meter's own secret: shown once, kept as a digest, ended by a new one or by revoking."""

from collections.abc import Callable

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
    assert secret not in Credential.objects.get(device=device).digest
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
