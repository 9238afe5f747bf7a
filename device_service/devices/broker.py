"""What the broker asks about a meter that speaks MQTT (rabbitmq_auth_backend_http): who it is, and what it may do.

A meter may publish below `energy/devices/<its id>/` and read its own alerts. By AMQP it may do nothing: that queue takes any
device's readings, so its user is for gateways. A client id that is a device's id is that meter's alone: with another's, a
client would end the other's connection and take over what waits for it.
"""

import re
import uuid
from collections.abc import Mapping

from device_service.devices.services import credential_matches

EXCHANGE = "amq.topic"
# The plug-in makes a queue of its own for what a client subscribes to.
_SUBSCRIPTION = re.compile(r"mqtt-subscription-(.+)qos[01]")

_STARTS_WITH_ID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


def is_meter(asked: Mapping[str, str]) -> bool:
    """Whether user name and password are a meter's, given over MQTT: only there the client has an id."""
    device_id, client_id = _device(asked), asked.get("client_id", "")
    if device_id is None or not client_id or _is_anothers(client_id, device_id):
        return False
    return credential_matches(device_id=device_id, secret=asked.get("password", ""))


def may_enter(asked: Mapping[str, str]) -> bool:
    """Whether the virtual host is that of the meters."""
    return _device(asked) is not None and asked.get("vhost") == "/"


def may_use(asked: Mapping[str, str]) -> bool:
    """Whether a meter may use the exchange or queue at all; the topic is asked for beside it."""
    device_id = _device(asked)
    if device_id is None or asked.get("vhost") != "/":
        return False
    if asked.get("resource") == "exchange":
        return asked.get("name") == EXCHANGE and asked.get("permission") in {"write", "read"}
    queue = _SUBSCRIPTION.fullmatch(asked.get("name", ""))
    return asked.get("resource") == "queue" and queue is not None and not _is_anothers(queue[1], device_id)


def may_speak(asked: Mapping[str, str]) -> bool:
    """Whether the topic (with dots, as a routing key) is the meter's own to publish to, or to read."""
    device_id = _device(asked)
    if device_id is None or asked.get("name") != EXCHANGE or asked.get("vhost") != "/":
        return False
    key = asked.get("routing_key", "")
    own = key.startswith(f"energy.devices.{device_id}.")
    return own or (asked.get("permission") == "read" and key == f"energy.alerts.{device_id}")


def _is_anothers(client_id: str, device_id: uuid.UUID) -> bool:
    return bool(_STARTS_WITH_ID.match(client_id)) and not client_id.lower().startswith(str(device_id))


def _device(asked: Mapping[str, str]) -> uuid.UUID | None:
    """The device that the user name is, written in the one way that topics are compared with."""
    try:
        device_id = uuid.UUID(asked.get("username", ""))
    except ValueError:
        return None
    return device_id if str(device_id) == asked["username"] else None
