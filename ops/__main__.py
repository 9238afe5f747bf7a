"""python3 -m ops COMMAND: what the Makefile calls."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from types import FrameType

from ops import install
from ops.console import Refusal, error, say
from ops.instances import ROOT, Instance, tool, valid_name

Command = Callable[[argparse.Namespace], int]


def up(arguments: argparse.Namespace) -> int:
    """Start everything; return when all of it is healthy."""
    from ops import databases, demo, docker, keeper, stack
    from ops.processes import Stack

    settings = arguments.instance.settings
    engine = arguments.engine
    if engine == "auto" and (
        keeper.running(arguments.instance) or databases.data_directory(arguments.instance).exists()
    ):
        say("Running natively, as before: its data is there (ENGINE=docker starts with data of its own).")
        engine = "native"
    if docker.chosen(engine) == "docker":
        docker.up(arguments.instance)
    else:
        stack.up(Stack(arguments.instance))
    if settings["DEMO"] == "true":
        demo.wait(f"http://localhost:{settings['GATEWAY_PORT']}")
    print(demo.welcome(settings["GATEWAY_PORT"], demo=settings["DEMO"] == "true"))
    return 0


def down(arguments: argparse.Namespace) -> int:
    """Stop; the data stays."""
    return _stop(arguments, with_data=False)


def reset(arguments: argparse.Namespace) -> int:
    """Stop and drop the data."""
    return _stop(arguments, with_data=True)


def _stop(arguments: argparse.Namespace, *, with_data: bool) -> int:
    from ops import docker, keeper

    instance = arguments.instance
    stopped = keeper.stop(instance)
    if instance.name == "main" and (with_data or docker.running(instance.settings)) and not docker.why_no_engine():
        docker.down(instance.settings, with_data=with_data)
        stopped = True
    had_data = instance.directory.exists()
    if with_data:
        shutil.rmtree(instance.directory, ignore_errors=True)
    print("Stopped." if stopped else "Nothing was running.", "Its data is gone." if with_data and had_data else "")
    return 0


def status(arguments: argparse.Namespace) -> int:
    """What runs, whether it is healthy, what memory it takes."""
    from ops import docker, keeper
    from ops import status as native

    if not keeper.running(arguments.instance) and docker.running(arguments.instance.settings):
        return docker.status(arguments.instance.settings)
    return native.show(arguments.instance)


def logs(arguments: argparse.Namespace) -> int:
    """Follow the logs of all processes, or of one."""
    from ops import docker, keeper

    instance, name = arguments.instance, arguments.service
    if not keeper.running(instance) and docker.running(instance.settings):
        return docker.logs(instance.settings, name)
    files = sorted(instance.log.glob(f"{name or '*'}.log"))
    if not files:
        raise Refusal(f"No log of {name or 'any process'} in {instance.log}. Names: make status")
    return subprocess.run(["tail", "-n", "100" if name else "5", "-F", *files]).returncode


def infra(arguments: argparse.Namespace) -> int:
    """Start PostgreSQL and RabbitMQ of an instance and leave them running."""
    from ops import infrastructure

    infrastructure.up(arguments.instance)
    settings = arguments.instance.settings
    print(f"PostgreSQL on port {settings['POSTGRES_PORT']}, RabbitMQ on {settings['AMQP_PORT']}")
    return 0


def test_service(arguments: argparse.Namespace) -> int:
    """The tests of one package against the instance's PostgreSQL and RabbitMQ."""
    from ops import infrastructure, services

    command, environment = services.test_command(arguments.instance, arguments.service)
    infrastructure.up(arguments.instance)
    return subprocess.run([*command, *arguments.rest], env=environment, cwd=ROOT).returncode


def run_with(arguments: argparse.Namespace) -> int:
    """Any command with a service's environment: python3 -m ops with device python -m device_service.manage shell"""
    from ops import services

    environment = os.environ | services.variables(arguments.instance, arguments.service)
    return subprocess.run(arguments.rest, env=environment, cwd=ROOT).returncode


def manage(arguments: argparse.Namespace) -> int:
    """A management command of a service in the running stack: python3 -m ops manage auth createadmin"""
    from ops import docker, keeper
    from ops.processes import Stack
    from ops.services import DJANGO

    if arguments.service not in DJANGO:
        raise Refusal(f"SERVICE={arguments.service} is not one of {', '.join(DJANGO)}.")
    if not keeper.running(arguments.instance) and docker.running(arguments.instance.settings):
        return docker.manage(arguments.instance.settings, arguments.service, arguments.rest)
    environment = os.environ | Stack(arguments.instance).environment(f"{arguments.service}-migrate")
    module = f"{arguments.service}_service.manage"
    return subprocess.run([tool("python"), "-m", module, *arguments.rest], env=environment, cwd=ROOT).returncode


def check(arguments: argparse.Namespace) -> int:
    """Everything that needs no running stack but PostgreSQL: linters, types, migrations, schemas."""
    from ops import testing

    return testing.check(arguments.instance)


def test(arguments: argparse.Namespace) -> int:
    """Everything, on its own ports and data."""
    from ops import testing

    return testing.everything()


def schemas(arguments: argparse.Namespace) -> int:
    """Write the OpenAPI schemas that the dashboard's client is generated from."""
    from ops import testing

    return testing.schemas(arguments.instance)


def journeys(arguments: argparse.Namespace) -> int:
    """The whole-system tests against the running stack: python3 -m ops journeys [-- pytest's arguments]"""
    from ops import testing

    environment = os.environ | testing.journey_environment(arguments.instance)
    command = [tool("python"), "-m", "pytest", "-p", "no:django", "tests/journeys", *arguments.rest[1:]]
    return subprocess.run(command, env=environment, cwd=ROOT).returncode


def faults(arguments: argparse.Namespace) -> int:
    """Breaks a stack of its own on purpose and writes docs/faults.md; with pytest's arguments: what they choose, in short."""
    given = arguments.rest[1:] or ["--full", "--table", str(ROOT / "docs" / "faults.md")]
    command = [tool("python"), "-m", "pytest", "-p", "no:django", "tests/faults", "-v", *given]
    return subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=ROOT).returncode


def bench(arguments: argparse.Namespace) -> int:
    """Runs bench/WHAT.py, which brings up what it measures and prints figures."""
    command = [tool("python"), "-m", f"bench.{arguments.what}", *arguments.rest]
    return subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=ROOT).returncode


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="ops", description=__doc__)
    top.add_argument("--instance", default=os.environ.get("INSTANCE") or "")
    top.add_argument("--engine", default=os.environ.get("ENGINE") or "auto")
    commands = top.add_subparsers(required=True)

    def add(name: str, function: Command, instance: str = "main") -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=function.__doc__)
        command.set_defaults(function=function, default_instance=instance, for_tests=name == "test")
        return command

    for name, function in (("up", up), ("down", down), ("reset", reset), ("status", status)):
        add(name, function)
    add("logs", logs).add_argument("service", nargs="?", default="")
    add("check", check, "test")
    add("test", test, "test")
    add("infra", infra, "test")
    add("schemas", schemas, "test")
    add("journeys", journeys).add_argument("rest", nargs=argparse.REMAINDER)
    benches = add("bench", bench, "bench")
    benches.add_argument("what")
    benches.add_argument("rest", nargs=argparse.REMAINDER)
    add("faults", faults, "faults").add_argument("rest", nargs=argparse.REMAINDER)
    for name, function, instance in (
        ("test-service", test_service, "test"),
        ("with", run_with, "test"),
        ("manage", manage, "main"),
    ):
        command = add(name, function, instance)
        command.add_argument("service")
        command.add_argument("rest", nargs=argparse.REMAINDER)
    return top


def main() -> int:
    signal.signal(signal.SIGTERM, _interrupted)
    arguments = parser().parse_args()
    try:
        arguments.instance = Instance(valid_name(arguments.instance or arguments.default_instance))
        if arguments.function in (up, infra, test, check, schemas, test_service, faults, bench):
            # Before anything is installed: a value that is wrong is better known now than in five minutes.
            _ = arguments.instance.settings
            install.machine()
            install.system_packages(for_tests=arguments.for_tests)
            install.packages()
        if install.STAMP.exists():
            install.continue_in_venv()
        elif arguments.function in (down, reset, status, logs):
            print("Nothing was ever started here. Start with: make up")
            return 0
        return arguments.function(arguments)
    except Refusal as refusal:
        error(f"\n{refusal}")
        return 1
    except KeyboardInterrupt:
        error("\nInterrupted.")
        return 130


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
