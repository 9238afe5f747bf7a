"""P1 ports of real meters (DSMR, as in the Netherlands, Belgium and Luxembourg): telegrams in, readings of several devices out.

One telegram carries several registers: a channel leads each of them to a device. Registers are kWh (devices with
`reading: register_kwh`), powers W (`power_w`). https://www.netbeheernederland.nl/dossiers/slimme-meter-15
"""

import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, cast

import serial
import structlog
from dsmr_parser import telegram_specifications
from dsmr_parser.clients.telegram_buffer import TelegramBuffer
from dsmr_parser.exceptions import InvalidChecksumError, ParseError
from dsmr_parser.parsers import TelegramParser

from device_simulator.errors import SimulatorError
from device_simulator.meters import Reading
from device_simulator.publisher import ReadingPublisher

log = structlog.get_logger()

# Channel -> the telegram's objects that it is the sum of. The names are dsmr_parser's.
REGISTERS = {
    "import": ("ELECTRICITY_USED_TARIFF_1", "ELECTRICITY_USED_TARIFF_2"),
    "import_1": ("ELECTRICITY_USED_TARIFF_1",),
    "import_2": ("ELECTRICITY_USED_TARIFF_2",),
    "export": ("ELECTRICITY_DELIVERED_TARIFF_1", "ELECTRICITY_DELIVERED_TARIFF_2"),
    "export_1": ("ELECTRICITY_DELIVERED_TARIFF_1",),
    "export_2": ("ELECTRICITY_DELIVERED_TARIFF_2",),
}
POWERS = {"import_power": "CURRENT_ELECTRICITY_USAGE", "export_power": "CURRENT_ELECTRICITY_DELIVERY"}
CHANNELS = (*REGISTERS, *POWERS)
SPECIFICATIONS: dict[str, Any] = {
    "2": telegram_specifications.V2_2,
    "3": telegram_specifications.V3,
    "4": telegram_specifications.V4,
    "5": telegram_specifications.V5,
    "belgium": telegram_specifications.BELGIUM_FLUVIUS,
    "luxembourg": telegram_specifications.LUXEMBOURG_SMARTY,
}
BAUD_RATES = {"2": 9600, "3": 9600}


def readings_of(telegram: Any, channels: Mapping[str, str], now: int) -> list[Reading]:
    """What the channels (name -> device id) find in a telegram; one that the telegram does not have gives none.

    A telegram of the versions that carry no time of their own counts when it came, at `now` (seconds since 1970).
    """
    stamp = getattr(telegram, "P1_MESSAGE_TIMESTAMP", None)
    instant = int(stamp.value.timestamp()) if stamp is not None else now
    found = []
    for channel, device_id in channels.items():
        in_watts = channel in POWERS
        names = (POWERS[channel],) if in_watts else REGISTERS[channel]
        parts = [getattr(telegram, name, None) for name in names]
        if all(part is not None and part.value is not None for part in parts):
            total = sum(cast(Any, part).value for part in parts)
            found.append(Reading(device_id, instant, float(total * 1000 if in_watts else total), in_watts))
    return found


def telegrams(stream: IO[bytes], version: str, stop: threading.Event) -> Iterator[Any]:
    """Every telegram of the stream whose checksum is right; a broken one is logged and left out."""
    parser, buffer = TelegramParser(SPECIFICATIONS[version]), TelegramBuffer()
    while not stop.is_set():
        line = stream.readline()
        if not line:
            if isinstance(stream, serial.SerialBase):
                continue  # nothing came within the line's time limit
            return
        buffer.append(line.decode("ascii", errors="replace"))
        for text in buffer.get_all():
            try:
                yield parser.parse(text, throw_ex=True)
            except (InvalidChecksumError, ParseError) as error:
                log.warning("telegram left out", error=str(error))


def opened(source: str, version: str) -> AbstractContextManager[IO[bytes]]:
    """A file, `-` for standard input, a serial device (/dev/ttyUSB0) or a socket (socket://host:port). Raises SimulatorError."""
    try:
        if source == "-":
            return sys.stdin.buffer
        if Path(source).is_file():
            return Path(source).open("rb")
        line = serial.serial_for_url(source, baudrate=BAUD_RATES.get(version, 115_200), timeout=5)
        return cast(AbstractContextManager[IO[bytes]], line)
    except (OSError, ValueError) as error:
        raise SimulatorError(f"--from {source}: {error}; give a file, -, /dev/ttyUSB0 or socket://HOST:PORT") from None


def publish_telegrams(
    source: str,
    *,
    version: str,
    channels: Mapping[str, str],
    every: int,
    publisher: ReadingPublisher,
    stop: threading.Event,
) -> bool:
    """Publish the first telegram of each `every` seconds until the source ends or `stop` comes; True at its end."""
    last: int | None = None
    with opened(source, version) as stream:
        for telegram in telegrams(stream, version, stop):
            readings = readings_of(telegram, channels, int(time.time()))
            if readings and readings[0].instant // every != last:
                if not publisher.publish(readings):
                    return False
                last = readings[0].instant // every
            publisher.idle(0)
    return not stop.is_set()
