"""A killed process comes back; what was stopped leaves nothing behind."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops import alive, instances, keeper
from ops.console import Refusal
from ops.instances import Instance
from ops.keeper import Program


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    made = Instance("second")
    made.__dict__["directory"] = tmp_path
    yield made
    keeper.stop(made)


def sleeper(name: str, **more: str) -> Program:
    return Program(name=name, command=f"{sys.executable} -c 'import signal; signal.pause()'", environment=more)


def pid_of(instance: Instance, name: str) -> int:
    keeper.wait_for(
        lambda: keeper.states(instance).get(name, ("",))[0] == "RUNNING",
        seconds=30,
        otherwise=lambda: Refusal(f"{name} does not run: {keeper.states(instance)}"),
    )
    pid = keeper.states(instance)[name][1]
    assert pid
    return pid


def test_a_killed_process_comes_back(instance: Instance) -> None:
    keeper.start(instance, [sleeper("one")])
    first = pid_of(instance, "one")
    os.kill(first, signal.SIGKILL)
    keeper.wait_for(
        lambda: keeper.states(instance)["one"][1] not in (None, first),
        seconds=30,
        otherwise=lambda: Refusal("it stays away"),
    )


def test_only_what_changed_is_restarted(instance: Instance) -> None:
    keeper.start(instance, [sleeper("same"), sleeper("changed", EMS_REVISION="1"), sleeper("gone")])
    before = {name: pid_of(instance, name) for name in ("same", "changed", "gone")}
    keeper.start(instance, [sleeper("same"), sleeper("changed", EMS_REVISION="2"), sleeper("new")])
    assert pid_of(instance, "same") == before["same"]
    assert pid_of(instance, "changed") != before["changed"]
    assert pid_of(instance, "new")
    assert "gone" not in keeper.states(instance)


def test_stop_ends_everything_even_without_the_keeper(instance: Instance) -> None:
    keeper.start(instance, [sleeper("orphan")])
    orphan = pid_of(instance, "orphan")
    os.kill(int((instance.directory / "supervisord.pid").read_text()), signal.SIGKILL)
    assert orphan in instances.processes_of(instance)
    assert keeper.stop(instance)
    assert not instances.processes_of(instance)
    assert not keeper.stop(instance), "a second time there is nothing to stop"


def test_values_with_percent_and_spaces_arrive_as_they_are(instance: Instance) -> None:
    url = "amqp://meter:dev@localhost:1/%2F"
    keeper.start(instance, [sleeper("one", METER_URL=url, WORDS="+S 2:2 +sbwt none")])
    environment = Path(f"/proc/{pid_of(instance, 'one')}/environ").read_bytes().split(b"\0")
    assert f"METER_URL={url}".encode() in environment
    assert b"WORDS=+S 2:2 +sbwt none" in environment


def test_a_taken_port_is_refused_with_its_holder(instance: Instance) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Refusal, match=rf"Port {port} \(GATEWAY_PORT\) is taken by process {os.getpid()}"):
            instances.refuse_taken(instance, [("GATEWAY_PORT", port)])


def test_health_names_what_is_wrong(tmp_path: Path) -> None:
    beat = tmp_path / "heartbeat"
    assert "no heartbeat yet" in (alive.problem(str(beat)) or "")
    beat.touch()
    assert alive.problem(str(beat)) is None
    os.utime(beat, (0, 0))
    assert "last heartbeat" in (alive.problem(str(beat)) or "")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert f"no connection to port {port}" in (alive.problem(f"rabbitmq:{port}") or "")
        with socket.create_connection(("127.0.0.1", port)):
            assert alive.problem(f"rabbitmq:{port}") is None
