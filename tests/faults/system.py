"""A stack of its own whose processes can be killed, stopped, frozen and cut off from each other."""

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault

import pika
import psycopg2

from ops import broker, databases, keeper, stack
from ops.instances import ROOT, Instance
from ops.processes import LOCAL, Stack
from ops.status import tree, with_descendants
from tests.faults.proxy import Proxy
from tests.journeys.client import Api, wait_for

# Not started: what no user, no reading and no event of one passes.
LEFT_OUT = (
    "frontend", "demo-accounts", "simulator", "monitoring-live", "forecast-web", "forecast-worker",
)  # fmt: skip
# Among the instance's own ports: what stands before which process, and who is led to it by which variable.
PROXIES = {
    70: ("USER_URL", "user-web", 8000),
    71: ("DEVICE_URL", "device-web", 8000),
    72: ("BROKER_URL", "rabbitmq", 5672),
    73: ("METER_BROKER_URL", "rabbitmq", 5672),
}
ADMIN, PASSWORD = "faults-admin", "correct-horse-7-battery"
SHIFTED_CLOCK = Path(__file__).with_name("shifted_clock")


@dataclass(frozen=True)
class Times:
    """Seconds. The full run has the settings that people have, and outages of a minute."""

    wait: int
    deadline: int
    lease: int
    outage: int

    @property
    def settings(self) -> dict[str, str]:
        return {
            "SAGA_WAIT_SECONDS": str(self.wait),
            "SAGA_DEADLINE_SECONDS": str(self.deadline),
            "SAGA_LEASE_SECONDS": str(self.lease),
        }


SHORT, FULL = Times(wait=4, deadline=60, lease=5, outage=4), Times(wait=8, deadline=60, lease=30, outage=60)


@dataclass(frozen=True)
class FaultyStack(Stack):
    """The stack of docker-compose.yml, with proxies between auth_service and its participants, and before the broker."""

    proxied: bool = True

    @cached_property
    def services(self) -> dict[str, dict[str, Any]]:
        return {name: service for name, service in super().services.items() if name not in LEFT_OUT}

    def environment(self, name: str) -> dict[str, str]:
        values = super().environment(name)
        for offset, (variable, process, port) in PROXIES.items() if self.proxied else ():
            if variable in values:
                values[variable] = values[variable].replace(
                    self.address(process, port), f"{LOCAL}:{self.instance.private_port(offset)}"
                )
        if name not in keeper.SERVERS:
            values["FAULT_DIR"] = str(self.faults(name.partition("-")[0]))
        return values

    def proxies(self) -> list[Proxy]:
        return [
            Proxy(self.instance.private_port(offset), upstream=self.port(process, port))
            for offset, (_, process, port) in PROXIES.items()
        ]

    def faults(self, service: str) -> Path:
        """Where the processes of a service look for the fault points that a test has chosen."""
        return self.instance.directory / "faults" / service


class System:
    """What a test does to the stack. Everything it breaks, `heal` mends."""

    def __init__(
        self, times: Times, instance: Instance, *, settings: Mapping[str, str] | None = None, proxied: bool = True
    ) -> None:
        self.times, self.instance = times, instance
        fixed = {"DEMO": "false", "ENVIRONMENT": "test", "ACCESS_TOKEN_MINUTES": "600"}
        instance.settings.update(times.settings | fixed | dict(settings or {}))
        self.stack = FaultyStack(instance, proxied=proxied)
        if proxied:
            self.user_proxy, self.device_proxy, self.broker_proxy, self.meter_proxy = self.stack.proxies()
        self.gateway = f"http://localhost:{self.instance.settings['GATEWAY_PORT']}"
        self.anyone = Api(self.gateway)
        self._frozen: set[int] = set()
        self._stopped: set[str] = set()
        self._never = threading.Event()

    def up(self) -> None:
        stack.up(self.stack)
        if not any(self.sql("auth", "SELECT 1 FROM accounts_account WHERE username = %s", ADMIN)):
            environment = os.environ | self.stack.environment("auth-migrate") | {"ADMIN_PASSWORD": PASSWORD}
            command = [*self.manage("auth"), "createadmin", ADMIN, "faults-admin@example.org"]
            subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True)
        signed_in = self.anyone.post("/api/auth/login", {"username": ADMIN, "password": PASSWORD})
        self.admin = Api(self.gateway, token=signed_in["access"])

    def down(self) -> None:
        keeper.stop(self.instance)
        shutil.rmtree(self.instance.directory, ignore_errors=True)

    def manage(self, service: str) -> list[str]:
        return [self.stack.command(f"{service}-migrate").split()[0], "-m", f"{service}_service.manage"]

    def run(self, service: str, *command: str, **variables: str) -> str:
        """A management command, with a changed environment; what it printed."""
        environment = os.environ | self.stack.environment(f"{service}-migrate") | variables
        ran = subprocess.run(
            [*self.manage(service), *command], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def pause(self) -> None:
        """Before the next look."""
        self._never.wait(0.2)

    def outage(self) -> None:
        """As long as an outage lasts."""
        self._never.wait(self.times.outage)

    def deadline_passes(self) -> None:
        """For every saga that is under way; it need not be waited for."""
        self.sql("auth", "UPDATE sagas_saga SET deadline = now() WHERE state IN ('running', 'compensating')")

    # Processes ---------------------------------------------------------------------------------------------------

    def pid(self, name: str) -> int:
        return wait_for(f"{name} runs", lambda: keeper.states(self.instance)[name][1], within=60)

    def pids(self, name: str) -> list[int]:
        return with_descendants(self.pid(name), tree())

    def arm(self, service: str, point: str) -> None:
        """The service's process that passes the fault point next ends itself, as kill -9 would; once."""
        directory = self.stack.faults(service)
        directory.mkdir(parents=True, exist_ok=True)
        (directory / point).touch()

    def died(self, service: str, point: str) -> bool:
        return not (self.stack.faults(service) / point).exists()

    def kill(self, name: str) -> None:
        """kill -9; its keeper starts it again."""
        for pid in self.pids(name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def stop_postgres_at_once(self) -> None:
        """What `pg_ctl stop -m immediate` does; its keeper starts it again."""
        os.kill(self.pid("postgres"), signal.SIGQUIT)

    def freeze(self, name: str) -> None:
        for pid in self.pids(name):
            os.kill(pid, signal.SIGSTOP)
            self._frozen.add(pid)

    def thaw(self) -> None:
        for pid in self._frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._frozen.clear()

    def stop(self, name: str) -> None:
        self._stopped.add(name)
        with suppress(Fault):  # it does not run
            keeper.ask(self.instance, "stopProcess", name, True)

    def start(self, name: str) -> None:
        self._stopped.discard(name)
        with suppress(Fault):  # it runs
            keeper.ask(self.instance, "startProcess", name, False)

    @contextmanager
    def without(self, *names: str) -> Iterator[None]:
        for name in names:
            self.stop(name)
        try:
            yield
        finally:
            for name in names:
                self.start(name)
            self.wait_healthy()

    @contextmanager
    def another(self, name: str, **environment: str) -> Iterator[None]:
        """A second process of the same kind, with a changed environment, for as long as the block lasts."""
        values = os.environ | self.stack.environment(name) | environment
        heartbeat = self.instance.directory / f"{name}-beside.heartbeat"
        values |= {"EMS_INSTANCE": str(self.instance.directory), "HEARTBEAT_FILE": str(heartbeat)}
        with (self.instance.log / f"{name}-beside.log").open("ab") as log:
            process = subprocess.Popen(
                self.stack.command(name).split(), env=values, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        try:
            wait_for(f"a second {name} is at work", heartbeat.exists, within=60)
            yield
        finally:
            process.terminate()
            process.wait(40)
            heartbeat.unlink(missing_ok=True)

    def wipe_broker(self) -> None:
        """Its data is lost; at its start it loads the definitions again."""
        self.stop("rabbitmq")
        shutil.rmtree(self.instance.directory / "rabbitmq" / "data")
        self.start("rabbitmq")

    def heal(self) -> None:
        """Everything runs again and nothing is armed."""
        self.thaw()
        shutil.rmtree(self.instance.directory / "faults", ignore_errors=True)
        for name, (_, pid) in keeper.states(self.instance).items():
            if pid is None:
                self.start(name)
        self.wait_healthy()

    def wait_healthy(self) -> None:
        """But for those that a test has stopped."""

        def healthy() -> bool:
            servers = {"postgres": databases.answers, "rabbitmq": broker.answers}
            return stack.unhealthy(self.stack).keys() <= self._stopped and all(
                name in self._stopped or answers(self.instance) for name, answers in servers.items()
            )

        wait_for("every process is healthy", healthy, within=stack.HEALTHY_WITHIN)

    # Data --------------------------------------------------------------------------------------------------------

    def database(self, service: str) -> Any:
        """A connection as the service's own."""
        settings = self.instance.settings
        return psycopg2.connect(
            host="127.0.0.1", port=settings["POSTGRES_PORT"], dbname=service, user=service,
            password=settings[f"{service.upper()}_DB_PASSWORD"], connect_timeout=5,
        )  # fmt: skip

    def sql(self, service: str, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """The rows of one statement, committed."""
        connection = self.database(service)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, parameters or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    @contextmanager
    def channel(self, user: str = "admin", vhost: str = "ems") -> Iterator[Any]:
        """A channel to the broker, past the proxy, as one of its users."""
        settings = self.instance.settings
        login = pika.PlainCredentials(user, settings[f"{user.upper()}_BROKER_PASSWORD"])
        link = pika.BlockingConnection(
            pika.ConnectionParameters("127.0.0.1", self.instance.port("AMQP_PORT"), vhost, login, socket_timeout=5)
        )
        try:
            channel = link.channel()
            channel.confirm_delivery()
            yield channel
        finally:
            with suppress(pika.exceptions.AMQPError):
                link.close()

    def publish(self, *events: tuple[str, str, bytes], to: str = "") -> None:
        """(owner, type, body) in this order, as their owners do; `to` sends them into that queue alone."""
        for owner, type_, body in events:
            with self.channel(owner) as channel:
                properties = pika.BasicProperties(content_type="application/cloudevents+json", user_id=owner)
                channel.basic_publish("" if to else "ems.events", to or type_, body, properties, mandatory=True)

    def outbox(self, service: str, subject: str = "") -> list[tuple[str, str, bytes]]:
        """(owner, type, body) of every event that the service ever had to tell (about one subject), oldest first."""
        rows = self.sql(service, "SELECT type, body FROM service_kit_outboxevent ORDER BY id")
        events = [(service, type_, bytes(body)) for type_, body in rows]
        return [event for event in events if not subject or json.loads(event[2])["subject"] == subject]
