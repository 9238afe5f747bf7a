"""`python -m device_simulator [replay|backfill|p1|load] ...`: see `--help` of each."""

import argparse
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from device_simulator.clock import SimulationClock
from device_simulator.config import SimulationConfig, load_config, parse_timezone, parse_uuid
from device_simulator.csvfile import CsvFile
from device_simulator.errors import SimulatorError
from device_simulator.load import send_load
from device_simulator.logs import configure_logging
from device_simulator.mqtt import MqttPublisher
from device_simulator.p1 import CHANNELS, SPECIFICATIONS, publish_telegrams
from device_simulator.publisher import ReadingPublisher
from device_simulator.replay import replay
from device_simulator.simulate import AnyPublisher, backfill, simulate

log = structlog.get_logger()

EXAMPLE_CONFIG = Path(__file__).with_name("config.json")


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set: the message in hand is finished, then the process leaves."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    return stop


def heartbeat_file() -> Path | None:
    """HEARTBEAT_FILE, by which whoever keeps this process sees that it is alive."""
    name = os.environ.get("HEARTBEAT_FILE")
    return Path(name) if name else None


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    broker = argparse.ArgumentParser(add_help=False)
    broker.add_argument(
        "--amqp-url",
        default=os.environ.get("METER_AMQP_URL"),
        help="amqp://USER:PASSWORD@HOST:PORT/%%2F (default: the variable METER_AMQP_URL)",
    )
    parser = argparse.ArgumentParser(prog="python -m device_simulator", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    live = commands.add_parser(
        "run",
        parents=[broker],
        help="simulate the meters of a configuration (the default)",
    )
    past = commands.add_parser(
        "backfill",
        parents=[broker],
        help="send past readings of a configuration, then leave",
    )
    for command in (live, past):
        command.add_argument("--config", type=Path, default=EXAMPLE_CONFIG, help="default: %(default)s")
        command.add_argument(
            "--mqtt",
            metavar="HOST:PORT",
            help="by MQTT instead of AMQP, each meter with its own secret (in the configuration)",
        )
    past.add_argument(
        "--days",
        type=float,
        default=56,
        help="how many days up to now (default: %(default)s)",
    )
    file = commands.add_parser(
        "replay",
        parents=[broker],
        help="send CSV files: timestamp + one column per device",
    )
    file.add_argument("files", type=Path, nargs="+", metavar="FILE.csv", help="plain or gzipped")
    file.add_argument(
        "--device",
        action="append",
        default=[],
        metavar="COLUMN=DEVICE_ID",
        help="repeat it for more columns",
    )
    file.add_argument(
        "--timestamps",
        choices=("start", "end"),
        default="start",
        help="of a row's interval",
    )
    file.add_argument(
        "--shift-to",
        metavar="now|INSTANT",
        help="move the file to end there (now: last full hour)",
    )
    file.add_argument(
        "--interval-seconds",
        type=int,
        help="split each row's energy evenly into such intervals",
    )
    file.add_argument(
        "--time-zone",
        default="UTC",
        help="of timestamps without offset (default: %(default)s)",
    )
    file.add_argument("--rows", type=int, help="only the first so many rows")
    file.add_argument("--speed", default="max", help="times real time, or max (the default)")
    port = commands.add_parser("p1", parents=[broker], help="send the telegrams of a real meter's P1 port (DSMR)")
    port.add_argument("--from", dest="source", required=True, help="a file, -, /dev/ttyUSB0 or socket://HOST:PORT")
    port.add_argument("--version", choices=tuple(SPECIFICATIONS), default="5", help="of DSMR (default: %(default)s)")
    port.add_argument(
        "--channel",
        action="append",
        required=True,
        metavar="CHANNEL=DEVICE_ID",
        help=f"which register leads to which device; channels: {', '.join(CHANNELS)}",
    )
    port.add_argument("--every", type=int, default=60, help="seconds from reading to reading (default: %(default)s)")
    load = commands.add_parser("load", parents=[broker], help="send as many readings a second as the broker confirms")
    load.add_argument("--devices", type=int, default=1000, help="of made-up ids (default: %(default)s)")
    load.add_argument("--readings", type=int, default=1_000_000, help="in all (default: %(default)s)")
    load.add_argument("--array", type=int, default=1000, help="readings in a message, 1 to 1000 (default: %(default)s)")
    load.add_argument("--interval-seconds", type=int, default=600, help="of the devices (default: %(default)s)")
    known = {"run", "backfill", "replay", "p1", "load", "-h", "--help"}
    with_command = arguments if arguments and arguments[0] in known else ["run", *arguments]
    return parser.parse_args(with_command)


def csv_files(options: argparse.Namespace) -> list[CsvFile]:
    devices: dict[str, str] = {}
    for given in options.device:
        column, equals, device = given.rpartition("=")
        if not equals:
            raise SimulatorError(f"--device {given}: write COLUMN=DEVICE_ID")
        devices[column] = parse_uuid(f"--device {column}", device)
    for option in ("interval_seconds", "rows"):
        value = getattr(options, option)
        if value is not None and value < 1:
            raise SimulatorError(f"--{option.replace('_', '-')} {value}: give a whole number from 1 upwards")
    zone = parse_timezone("--time-zone", options.time_zone)
    return [
        CsvFile(
            path,
            devices,
            options.timestamps == "end",
            zone,
            options.interval_seconds,
            options.rows,
        )
        for path in options.files
    ]


def p1_channels(options: argparse.Namespace) -> dict[str, str]:
    channels: dict[str, str] = {}
    for given in options.channel:
        channel, _, device = given.partition("=")
        if channel not in CHANNELS:
            raise SimulatorError(f"--channel {given}: write CHANNEL=DEVICE_ID with one of {', '.join(CHANNELS)}")
        channels[channel] = parse_uuid(f"--channel {channel}", device)
    if options.every < 1:
        raise SimulatorError(f"--every {options.every}: give a whole number of seconds from 1 upwards")
    return channels


def parse_speed(text: str) -> float:
    try:
        speed = math.inf if text == "max" else float(text)
    except ValueError:
        speed = math.nan
    if not speed > 0:
        raise SimulatorError(f"--speed {text}: give max, or a number above 0 (1 is real time)")
    return speed


def run(options: argparse.Namespace, stop: threading.Event) -> bool:
    """Do what the command line says; True when it was done to the end."""
    if options.command in ("run", "backfill"):
        return run_meters(options, stop)
    if options.command == "load":
        return send_load(
            broker_url(options),
            devices=options.devices,
            readings=options.readings,
            array=options.array,
            interval_seconds=options.interval_seconds,
            stop=stop,
        )
    publisher = ReadingPublisher(broker_url(options), stop)
    try:
        if options.command == "p1":
            return publish_telegrams(
                options.source,
                version=options.version,
                channels=p1_channels(options),
                every=options.every,
                publisher=publisher,
                stop=stop,
            )
        return replay(
            csv_files(options),
            speed=parse_speed(options.speed),
            move_to=options.shift_to,
            publisher=publisher,
            stop=stop,
        )
    finally:
        publisher.close()


def run_meters(options: argparse.Namespace, stop: threading.Event) -> bool:
    """Simulate the meters of a configuration, now or in the past; True when it was done to the end."""
    config = load_config(options.config)
    publisher = meters_publisher(options, config, stop)
    try:
        now = time.time()
        if options.command == "backfill":
            return backfill(
                config.meters,
                after=now - options.days * 86_400,
                until=now,
                publisher=publisher,
            )
        log.info(
            "simulating",
            devices=len(config.meters),
            time_acceleration=config.time_acceleration,
        )
        clock = SimulationClock(now - config.history_days * 86_400, config.time_acceleration)
        simulate(
            config.meters,
            clock=clock,
            publisher=publisher,
            stop=stop,
            heartbeat=heartbeat_file(),
        )
        return True
    finally:
        publisher.close()


def meters_publisher(options: argparse.Namespace, config: SimulationConfig, stop: threading.Event) -> AnyPublisher:
    if options.mqtt:
        return MqttPublisher(options.mqtt, config.meters, stop)
    return ReadingPublisher(broker_url(options), stop)


def broker_url(options: argparse.Namespace) -> str:
    if not options.amqp_url:
        raise SimulatorError("METER_AMQP_URL is not set; set it as .env does, or give --amqp-url")
    return str(options.amqp_url)


def main() -> int:
    configure_logging()
    options = parse_arguments(sys.argv[1:])
    try:
        return 0 if run(options, stop_on_signals()) else 1
    except SimulatorError as error:
        sys.stderr.write(f"device_simulator: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
