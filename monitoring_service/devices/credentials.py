"""Meters that sign in as themselves: HTTP Basic with the device's id and its secret.

The digest comes with the device's events, so a request costs one read here and no question to device_service, and a revoked
secret ends as soon as its event has arrived.
"""

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from drf_spectacular.authentication import BasicScheme
from rest_framework.authentication import BasicAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from monitoring_service.devices.models import Device
from service_kit.auth import Caller


@dataclass(frozen=True)
class MeterCaller:
    """The meter behind a request."""

    id: uuid.UUID

    is_authenticated = True


class MeterAuthentication(BasicAuthentication):
    """`Authorization: Basic <device id:secret>`; 401 for an unknown device, a wrong or a revoked secret."""

    www_authenticate_realm = "meters"

    def authenticate_credentials(
        self, userid: str, password: str, request: HttpRequest | Request | None = None
    ) -> tuple[Any, None]:
        try:
            device_id = uuid.UUID(userid)
        except ValueError:
            raise AuthenticationFailed("A meter's user name is its device id, which is a UUID.") from None
        digests = Device.live.filter(pk=device_id).exclude(credential_digest=None)
        digest = digests.values_list("credential_digest", flat=True).first()
        given = hashlib.sha256(password.encode()).hexdigest()
        if not secrets.compare_digest(digest or "", given):
            raise AuthenticationFailed(
                f"This is not the present secret of device {device_id}. An administrator can issue a new one."
            )
        return MeterCaller(device_id), None


class MeterScheme(BasicScheme):
    target_class = "monitoring_service.devices.credentials.MeterAuthentication"
    name = "meter"


class MaySend(BasePermission):
    message = "Only an administrator or a meter itself may send readings."

    def has_permission(self, request: Request, view: Any) -> bool:
        caller = request.user
        return isinstance(caller, MeterCaller) or (isinstance(caller, Caller) and caller.is_admin)
