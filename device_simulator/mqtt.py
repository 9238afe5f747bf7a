"""Readings by MQTT, each meter over a connection of its own and with its own credential, as a meter in a house does."""

import json
import threading
import time
from collections.abc import Iterable, Sequence
from itertools import islice

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from device_simulator.errors import SimulatorError
from device_simulator.meters import Meter, Reading
from device_simulator.publisher import MOST_READINGS_A_MESSAGE

KEEPALIVE_SECONDS = 30
# A confirm that is missing for so long is told of; it is waited for all the same.
ANSWER_SECONDS = 10

log = structlog.get_logger()


class MeterConnection:
    """One meter's connection: `online` while it lasts, and the broker says `offline` when it does not."""

    def __init__(self, meter: Meter, host: str, port: int) -> None:
        self._meter, self._topic = meter, f"energy/devices/{meter.device_id}"
        self._refused = ""
        self._confirmed: set[int] = set()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=meter.device_id)
        self._client.username_pw_set(meter.device_id, meter.secret)
        self._client.will_set(f"{self._topic}/status", "offline", qos=1)
        self._client.reconnect_delay_set(1, 30)
        self._client.on_connect = self._on_connect
        self._client.on_publish = lambda _client, _data, number, *_: self._confirmed.add(number)
        # The connection is made, and mended, by a thread; what is not confirmed goes out again by itself.
        self._client.connect_async(host, port, KEEPALIVE_SECONDS)
        self._client.loop_start()

    def _on_connect(
        self, _client: object, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        self._refused = str(reason) if reason.is_failure else ""
        if not reason.is_failure:
            self._client.publish(f"{self._topic}/status", "online", qos=1)

    def publish(self, readings: Sequence[Reading], stop: threading.Event) -> bool:
        """True when the broker has confirmed them, False when `stop` came first. Raises SimulatorError for a wrong secret."""
        documents = [{"timestamp": reading.timestamp, "value": reading.value} for reading in readings]
        body = json.dumps(documents if len(documents) > 1 else documents[0])
        # Without a connection the message waits for one.
        number = self._client.publish(f"{self._topic}/energy", body, qos=1).mid
        told = time.monotonic()
        while number not in self._confirmed:
            if self._refused:
                raise SimulatorError(
                    f"the broker refuses device {self._meter.device_id} ({self._refused}): give it its present secret, or a new "
                    f"one from POST /api/devices/{self._meter.device_id}/credentials"
                )
            if stop.wait(0.01):
                return False
            if time.monotonic() - told > ANSWER_SECONDS:
                told = time.monotonic()
                log.warning("no confirm from the broker yet", device=self._meter.device_id)
        self._confirmed.clear()
        return True

    def close(self) -> None:
        """Say goodbye: the broker tells nobody that the meter is offline unless it is told so."""
        if self._client.is_connected():
            self._client.publish(f"{self._topic}/status", "offline", qos=1).wait_for_publish(ANSWER_SECONDS)
        self._client.disconnect()
        self._client.loop_stop()


class MqttPublisher:
    """The meters of a configuration, each with its `secret`. `address` is HOST:PORT of the broker."""

    def __init__(self, address: str, meters: Sequence[Meter], stop: threading.Event) -> None:
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise SimulatorError(f"--mqtt {address}: write HOST:PORT, such as localhost:1884")
        for meter in meters:
            if not meter.secret:
                raise SimulatorError(
                    f"secret: {meter.device_id} has none; by MQTT each meter signs in: POST /api/devices/ID/credentials shows one"
                )
        self._stop = stop
        self._connections = {meter.device_id: MeterConnection(meter, host, int(port)) for meter in meters}
        self.published = 0

    def publish(self, readings: Iterable[Reading]) -> bool:
        """Publish in order of each meter. True when the broker has confirmed all of them, False when `stop` came first."""
        waiting = iter(readings)
        while chunk := list(islice(waiting, MOST_READINGS_A_MESSAGE)):
            by_device: dict[str, list[Reading]] = {}
            for reading in chunk:
                by_device.setdefault(reading.device_id, []).append(reading)
            for device_id, own in by_device.items():
                if not self._connections[device_id].publish(own, self._stop):
                    return False
                self.published += len(own)
        return True

    def idle(self, seconds: float) -> None:
        """Wait up to `seconds` (or until `stop`); the connections keep themselves."""
        self._stop.wait(seconds)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
