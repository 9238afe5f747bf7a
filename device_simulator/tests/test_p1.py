"""A real meter's P1 port: one telegram, several registers, each led to its device."""

import socket
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from dsmr_parser.parsers import TelegramParser

from device_simulator.__main__ import main
from device_simulator.meters import Reading
from device_simulator.p1 import publish_telegrams
from device_simulator.publisher import ReadingPublisher

IMPORT, EXPORT, POWER = (f"{n}1111111-1111-4111-8111-111111111111" for n in (1, 2, 3))


def telegram(stamp: str = "260310130000W", used: float = 1581.123, good: bool = True) -> str:
    """As an Iskra AM550 sends it every second (DSMR 5), shortened, with its checksum."""
    lines = [
        "/ISK5\\2M550T-1012", "", "1-3:0.2.8(50)", f"0-0:1.0.0({stamp})",
        "0-0:96.1.1(4530303434303037333832323436303139)",
        f"1-0:1.8.1({used:010.3f}*kWh)", "1-0:1.8.2(001435.706*kWh)",
        "1-0:2.8.1(000012.000*kWh)", "1-0:2.8.2(000003.500*kWh)", "0-0:96.14.0(0002)",
        "1-0:1.7.0(02.027*kW)", "1-0:2.7.0(00.000*kW)",
        "0-1:24.1.0(003)", "0-1:96.1.0(4730303339303031393336393930363139)",
        "0-1:24.2.1(260310120000W)(02569.646*m3)", "!",
    ]  # fmt: skip
    body = "\r\n".join(lines)
    checksum = TelegramParser.crc16(body) if good else 0
    return f"{body}{checksum:04X}\r\n"


def publish(source: str, url: str, channels: dict[str, str], *, version: str = "5", every: int = 10) -> bool:
    stop = threading.Event()
    publisher = ReadingPublisher(url, stop)
    try:
        return publish_telegrams(
            source, version=version, channels=channels, every=every, publisher=publisher, stop=stop
        )
    finally:
        publisher.close()


def test_each_channel_leads_to_its_device(
    tmp_path: Path, meter_url: str, arrived: Callable[[], list[Reading]], bodies: Any
) -> None:
    source = tmp_path / "telegrams"
    source.write_text(telegram())

    assert publish(str(source), meter_url, {"import": IMPORT, "export": EXPORT, "import_power": POWER})

    sent = {body["device_id"]: body for body in bodies()}
    assert sent[IMPORT]["measurement_value"] == pytest.approx(1581.123 + 1435.706)
    assert sent[EXPORT]["measurement_value"] == 15.5
    assert sent[POWER]["power"] == 2027
    # The meter's clock is local: W is winter time.
    assert sent[IMPORT]["timestamp"] == "2026-03-10T12:00:00Z"


def test_broken_telegrams_are_left_out_and_their_neighbours_stay(
    tmp_path: Path, meter_url: str, arrived: Callable[[], list[Reading]]
) -> None:
    source = tmp_path / "telegrams"
    source.write_bytes(
        b"\xff\xfe 1-0:1.8.1(0\r\n"
        + telegram("260310130000W", 1).encode()
        + telegram("260310130010W", 999, good=False).encode()
        + telegram("260310130020W", 2).encode()
        + telegram("260310130030W", 3).encode()[:200]
    )

    assert publish(str(source), meter_url, {"import_1": IMPORT})

    assert [reading.value for reading in arrived()] == [1, 2]


def test_of_a_telegram_each_second_one_in_each_interval_is_sent(
    tmp_path: Path, meter_url: str, arrived: Callable[[], list[Reading]]
) -> None:
    source = tmp_path / "telegrams"
    source.write_text("".join(telegram(f"2603101300{second:02}W", second) for second in range(0, 30, 3)))

    publish(str(source), meter_url, {"import_1": IMPORT}, every=10)

    assert [reading.value for reading in arrived()] == [0, 12, 21]


def test_a_port_behind_a_socket(meter_url: str, arrived: Callable[[], list[Reading]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()
        publisher = ReadingPublisher(meter_url, stop)
        source = f"socket://127.0.0.1:{server.getsockname()[1]}"
        reader = threading.Thread(
            target=publish_telegrams,
            args=[source],
            kwargs={
                "version": "5", "channels": {"import_1": IMPORT}, "every": 1, "publisher": publisher, "stop": stop,
            },
        )  # fmt: skip
        reader.start()
        line, _ = server.accept()
        found: list[Reading] = []
        for _ in range(200):
            line.sendall(telegram("260310130000W", 7).encode())  # as a meter does, again and again
            found += arrived()
            if found:
                break
            stop.wait(0.05)
        stop.set()
        line.sendall(telegram("260310130010W", 8).encode())
        reader.join(timeout=20)
        line.close()
        publisher.close()
    assert found[0].value == 7
    assert datetime.fromtimestamp(found[0].instant, UTC) == datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--from", "/nowhere", "--channel", f"import={IMPORT}"], "--from /nowhere"),
        (["--from", "-", "--channel", f"gas={IMPORT}"], "--channel gas="),
        (["--from", "-", "--channel", "import=kitchen"], "a device id"),
        (["--from", "-", "--channel", f"import={IMPORT}", "--every", "0"], "--every 0"),
    ],
)
def test_mistakes_are_named(
    options: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], meter_url: str
) -> None:
    monkeypatch.setattr("sys.argv", ["device_simulator", "p1", "--amqp-url", meter_url, *options])
    assert main() == 2
    assert says in capsys.readouterr().err


def test_the_telegram_that_the_documentation_shows_is_read(
    tmp_path: Path, meter_url: str, arrived: Callable[[], list[Reading]], bodies: Any
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "meters.md").read_text()
    shown = [line.split() for line in page.splitlines() if line.startswith("1-0:")]
    lines = [each for each in telegram().split("\r\n")[:-2] if not each.startswith("1-0:")]
    body = "\r\n".join([*lines, *(object_ for object_, _ in shown), "!"])
    source = tmp_path / "telegrams"
    source.write_text(f"{body}{TelegramParser.crc16(body):04X}\r\n")
    devices = {channel: str(uuid.uuid4()) for _, channel in shown}

    assert publish(str(source), meter_url, devices)

    sent = {body["device_id"]: body.get("measurement_value", body.get("power")) for body in bodies()}
    assert {channel: sent[device] for channel, device in devices.items()} == {
        "import_1": 1581.123, "import_2": 1435.706, "export_1": 12, "export_2": 3.5, "import_power": 2027, "export_power": 0,
    }  # fmt: skip
