"""python3 -m ops COMMAND: what the Makefile calls."""

import argparse
import os
import subprocess
import sys

from ops import infrastructure, keeper, services
from ops.console import Refusal, error
from ops.instances import ROOT, VENV, Instance, valid_name


def infra(arguments: argparse.Namespace) -> int:
    """Start PostgreSQL and RabbitMQ of an instance and leave them running."""
    infrastructure.up(arguments.instance)
    print(f"PostgreSQL on 127.0.0.1:{arguments.instance.settings['POSTGRES_PORT']}")
    print(
        f"RabbitMQ on {arguments.instance.settings['AMQP_PORT']}, console {arguments.instance.settings['BROKER_CONSOLE_PORT']}"
    )
    return 0


def down(arguments: argparse.Namespace) -> int:
    """Stop an instance; its data stays."""
    print("Stopped." if keeper.stop(arguments.instance) else "Nothing was running.")
    return 0


def test_service(arguments: argparse.Namespace) -> int:
    """The tests of one package against the instance's PostgreSQL and RabbitMQ."""
    package = services.PACKAGES.get(arguments.service)
    environment = services.variables(arguments.instance, arguments.service)
    infrastructure.up(arguments.instance)
    settings = services.settings_module(arguments.service)
    command = [VENV / "bin" / "python", "-m", "pytest", ROOT / str(package)]
    command += [f"--ds={settings}"] if settings else ["-p", "no:django"]
    return subprocess.run([*command, *arguments.rest], env=os.environ | environment, cwd=ROOT).returncode


def shell(arguments: argparse.Namespace) -> int:
    """Any command with a service's environment, for example: python3 -m ops env device -- python -m device_service.manage shell"""
    environment = os.environ | services.variables(arguments.instance, arguments.service)
    return subprocess.run(arguments.rest, env=environment, cwd=ROOT).returncode


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="ops", description=__doc__)
    top.add_argument("--instance", default=os.environ.get("INSTANCE", ""))
    commands = top.add_subparsers(required=True)

    def add(name: str, function, default_instance: str = "main") -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=function.__doc__)
        command.set_defaults(function=function, default_instance=default_instance)
        return command

    add("infra", infra, "test")
    add("down", down)
    command = add("test-service", test_service, "test")
    command.add_argument("service", choices=services.PACKAGES)
    command.add_argument("rest", nargs=argparse.REMAINDER)
    command = add("env", shell, "test")
    command.add_argument("service", choices=services.PACKAGES)
    command.add_argument("rest", nargs=argparse.REMAINDER)
    return top


def main() -> int:
    arguments = parser().parse_args()
    try:
        arguments.instance = Instance(valid_name(arguments.instance or arguments.default_instance))
        if getattr(arguments, "rest", [])[:1] == ["--"]:
            arguments.rest = arguments.rest[1:]
        return arguments.function(arguments)
    except Refusal as refusal:
        error(f"\n{refusal}")
        return 1
    except KeyboardInterrupt:
        error("\nInterrupted.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
