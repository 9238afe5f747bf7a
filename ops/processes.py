"""docker-compose.yml is the list of processes; here it becomes the programs that supervisor keeps.

Commands and environment stay as they are; what changes is where things are: "name:port" of another process becomes an
address on this machine, and a path inside a container becomes the file or directory that is mounted there.
"""

import hashlib
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from ops import broker, databases
from ops.environment import fill
from ops.instances import FIRST_PROCESS, ROOT, VENV, Instance
from ops.keeper import SERVERS, Program

# Where a process listens on this machine when .env names the port.
NAMED_PORTS = {
    ("postgres", 5432): "POSTGRES_PORT",
    ("rabbitmq", 5672): "AMQP_PORT",
    ("rabbitmq", 1883): "MQTT_PORT",
    ("rabbitmq", 15672): "BROKER_CONSOLE_PORT",
    ("gateway", 8000): "GATEWAY_PORT",
    ("gateway", 8080): "GATEWAY_DASHBOARD_PORT",
}
LOCAL = "127.0.0.1"


def source(folder: Path) -> list[Path]:
    """The Python files of a package, without its tests."""
    return sorted(path for path in folder.rglob("*.py") if "tests" not in path.parts)


def digest(files: Iterable[Path]) -> str:
    """Changes with the name or content of any of the files; one that is not there counts as such."""
    total = hashlib.sha256()
    for path in files:
        total.update(str(path).encode() + b"\0" + (path.read_bytes() if path.exists() else b"") + b"\0")
    return total.hexdigest()[:16]


@dataclass(frozen=True)
class Stack:
    """The processes of an instance. Tasks run once, in the order of their `depends_on`; the others stay."""

    instance: Instance

    @cached_property
    def compose(self) -> dict[str, Any]:
        return yaml.safe_load((ROOT / "docker-compose.yml").read_text())

    @cached_property
    def services(self) -> dict[str, dict[str, Any]]:
        return self.compose["services"]

    @property
    def tasks(self) -> list[str]:
        return [name for name, service in self.services.items() if service.get("restart") == "no"]

    @property
    def early_tasks(self) -> list[str]:
        """Those that the processes wait for, as they themselves need only servers and other tasks."""
        return [name for name in self.tasks if set(self.needs(name)) <= {*SERVERS, *self.tasks}]

    @property
    def late_tasks(self) -> list[str]:
        """Those that need processes."""
        return [name for name in self.tasks if name not in self.early_tasks]

    def needs(self, name: str) -> list[str]:
        return list(self.services[name].get("depends_on", {}))

    def address(self, name: str, port: int) -> str:
        """Where others on this machine reach the process that a container would offer as name:port."""
        return f"{LOCAL}:{self.port(name, port)}"

    def port(self, name: str, port: int) -> int:
        if (name, port) in NAMED_PORTS:
            return self.instance.port(NAMED_PORTS[name, port])
        return self.instance.private_port(FIRST_PROCESS + list(self.services).index(name))

    def ports(self) -> list[tuple[str, int]]:
        """Every port the stack listens on with the variable that sets it."""
        named = [(variable, self.instance.port(variable)) for variable in dict.fromkeys(NAMED_PORTS.values())]
        private = [
            (f"NATIVE_PORTS, for {name}", self.port(name, int(self.environment(name)["PORT"])))
            for name in self.services
            if "PORT" in self._written_environment(name)
        ]
        return named + private

    @cached_property
    def programs(self) -> list[Program]:
        return [databases.program(self.instance), broker.program(self.instance)] + [
            self._program(name) for name in self.services if name not in (*SERVERS, *self.tasks)
        ]

    def health(self, name: str) -> list[str]:
        """What ops.alive is asked about the process: [] when it only has to run."""
        test = self.services[name].get("healthcheck", {}).get("test", [])
        if "ops.alive" not in test:
            return []
        return [self._here(name, part) for part in test[test.index("ops.alive") + 1 :]]

    def _written_environment(self, name: str) -> dict[str, str]:
        return {key: str(value) for key, value in self.services[name].get("environment", {}).items()}

    def environment(self, name: str) -> dict[str, str]:
        """As docker-compose.yml writes it, with addresses and paths of this machine."""
        settings, where = self.instance.settings, f"docker-compose.yml, {name},"
        values = {
            key: self._here(name, fill(value, settings, where=where))
            for key, value in self._written_environment(name).items()
        }
        if "PORT" in values:
            values |= {"PORT": str(self.port(name, int(values["PORT"]))), "HOST": LOCAL}
        if name == "gateway":
            values["TRAEFIK_ENTRYPOINTS_WEB_ADDRESS"] = f"{settings['BIND_ADDRESS']}:{self.port(name, 8000)}"
            values["TRAEFIK_ENTRYPOINTS_TRAEFIK_ADDRESS"] = f"{LOCAL}:{self.port(name, 8080)}"
        # Keeps compiled modules: a start takes half the time.
        compiled = {"PYTHONDONTWRITEBYTECODE": ""}
        return values | compiled | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}

    def command(self, name: str) -> str:
        if name == "frontend":  # an image with nginx there, the same files over WSGI here
            written = "gunicorn -c service_kit/gunicorn.py ops.static_site:application"
        else:
            written = fill(self.services[name]["command"], self.instance.settings, where=f"docker-compose.yml, {name},")
        first, *rest = shlex.split(self._here(name, written))
        return shlex.join([str(VENV / "bin" / first), *rest])

    def _program(self, name: str) -> Program:
        restart = "unexpected" if self.services[name]["restart"] == "on-failure" else "true"
        # A changed revision makes supervisor restart the process at the next `make up`.
        environment = self.environment(name) | {"EMS_REVISION": self.revision(name)}
        return Program(name=name, command=self.command(name), environment=environment, restart=restart)

    def revision(self, name: str) -> str:
        """A digest of everything the process runs: its package, service_kit and the lock."""
        folder = self.services[name].get("build", {}).get("args", {}).get("SERVICE")
        if folder is None:  # the gateway and the dashboard take changed files up themselves, or see them here
            return digest([ROOT / "ops" / "static_site.py", ROOT / "frontend" / "dist" / "index.html"])
        return digest([ROOT / "requirements.lock", *source(ROOT / folder), *source(ROOT / "service_kit")])

    def _here(self, name: str, text: str) -> str:
        """The text with addresses of containers and paths inside one replaced by those of this machine."""

        def local(match: re.Match[str]) -> str:
            return self.address(match["name"], int(match["port"]))

        names = "|".join(sorted(self.services, key=len, reverse=True))
        text = re.sub(rf"(?<![\w.-])(?P<name>{names}):(?P<port>\d+)", local, text)
        for inside, outside in self._paths(name).items():
            text = text.replace(inside, outside)
        return text

    def _paths(self, name: str) -> dict[str, str]:
        paths = {
            "/tmp/heartbeat": str(self.instance.directory / f"{name}.heartbeat"),
            "/data/": f"{self.instance.directory}/",
        }
        for volume in self.services[name].get("volumes", []):
            outside, inside = volume.split(":")[:2]
            if outside.startswith("./"):
                paths[inside] = str(ROOT / outside)
        return paths
