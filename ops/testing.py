"""make check and make test: each step with its duration, its log and, when it fails, the end of that log."""

import filecmp
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ops import dashboard, infrastructure, keeper, services, stack
from ops.console import Refusal, say, tail
from ops.instances import ROOT, Instance, tool
from ops.processes import Stack

PYTHON = tool("python")
FRONTEND = ROOT / "frontend"
# Django service -> the prefix under which its schema is known to the dashboard.
PREFIXES = {"auth": "auth", "user": "users", "device": "devices", "monitoring": "monitoring", "forecast": "forecasts"}


@dataclass
class Report:
    """Runs steps and remembers which failed."""

    directory: Path
    failed: list[str] = field(default_factory=list)

    def step(
        self, name: str, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path = ROOT
    ) -> bool:
        """One command. Its last line is shown when it is a test runner's, the end of its log when it fails."""
        log = self.directory / f"{name.replace(' ', '-').replace('/', '-')}.log"
        begun = time.monotonic()
        with log.open("w") as output:
            code = subprocess.run(
                [str(part) for part in command], env=env, cwd=cwd, stdout=output, stderr=subprocess.STDOUT
            ).returncode
        text = log.read_text()
        closing = text.strip().splitlines()[-1:] if "pytest" in map(str, command) else []
        self._say(name, not code, time.monotonic() - begun, " ".join(closing).strip("= "))
        if code:
            print(f"{tail(text, 60)}\n    all of it: {log}", flush=True)
        return not code

    def call(self, name: str, function: Callable[[], object]) -> bool:
        """One step that is a function of ours; a Refusal is its failure."""
        begun = time.monotonic()
        try:
            function()
        except Refusal as refusal:
            self._say(name, False, time.monotonic() - begun, str(refusal))
            return False
        self._say(name, True, time.monotonic() - begun, "")
        return True

    def _say(self, name: str, passed: bool, seconds: float, closing: str) -> None:
        say(f"{'ok  ' if passed else 'FAIL'}  {name:32} {seconds:6.1f} s  {closing}")
        if not passed:
            self.failed.append(name)

    def close(self) -> int:
        if self.failed:
            print(f"\nFailed: {', '.join(self.failed)}. Logs: {self.directory}")
        else:
            print("\nAll passed.")
        return 1 if self.failed else 0


def _report(instance: Instance) -> Report:
    directory = instance.directory / "reports"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return Report(directory)


def check(instance: Instance) -> int:
    """make check on its own."""
    report = _report(instance)
    _check(report, instance)
    return report.close()


def _check(report: Report, instance: Instance) -> None:
    # Two at a time: more would only wait for each other on a small machine.
    with ThreadPoolExecutor(2) as two:
        steps = [two.submit(lane, report, instance) for lane in (_python_check, _services_check)]
        for step in steps:
            step.result()


def _python_check(report: Report, instance: Instance) -> None:
    for service in (*services.PACKAGES, "ops"):
        _types(report, instance, service)


def _services_check(report: Report, instance: Instance) -> None:
    report.step("ruff check", [tool("ruff"), "check", "."])
    report.step("ruff format", [tool("ruff"), "format", "--check", "."])
    for service in services.DJANGO:
        _django_check(report, instance, service)
    _dashboard_check(report)


def _types(report: Report, instance: Instance, service: str) -> None:
    package = services.PACKAGES.get(service, service)
    # The plug-in reads one service's settings; packages without any borrow the kit's.
    settings = services.settings_module(service if service in services.PACKAGES else "kit")
    environment = os.environ | services.variables(instance, service if service in services.PACKAGES else "kit")
    environment["DJANGO_SETTINGS_MODULE"] = settings or "service_kit.tests.settings"
    cache = ROOT / ".local" / "mypy" / package
    report.step(f"mypy {package}", [tool("mypy"), "--cache-dir", str(cache), "-p", package], env=environment)


def _django_check(report: Report, instance: Instance, service: str) -> None:
    environment = os.environ | services.variables(instance, service)
    manage = [PYTHON, "-m", f"{service}_service.manage"]
    report.step(f"migrations {service}", [*manage, "makemigrations", "--check", "--dry-run"], env=environment)
    committed = FRONTEND / "openapi" / f"{PREFIXES[service]}.json"
    with tempfile.TemporaryDirectory() as directory:
        made = Path(directory) / committed.name
        schema = [
            *manage,
            "spectacular",
            "--format",
            "openapi-json",
            "--validate",
            "--fail-on-warn",
            "--file",
            str(made),
        ]
        if report.step(f"schema {service}", schema, env=environment):
            report.call(f"schema {service} committed", lambda: _same_schema(made, committed))


def _same_schema(made: Path, committed: Path) -> None:
    if not committed.exists() or not filecmp.cmp(made, committed, shallow=False):
        raise Refusal(f"{committed.relative_to(ROOT)} is not what the service says. Write it anew with: make schemas")


def schemas(instance: Instance) -> int:
    """Writes the schemas that the dashboard's client is generated from."""
    for service, prefix in PREFIXES.items():
        made = FRONTEND / "openapi" / f"{prefix}.json"
        subprocess.run(
            [PYTHON, "-m", f"{service}_service.manage", "spectacular", "--format", "openapi-json", "--file", str(made)],
            env=os.environ | services.variables(instance, service),
            cwd=ROOT,
            check=True,
        )
    return 0


def _dashboard_check(report: Report) -> None:
    if report.call("dashboard packages", dashboard.packages):
        for script in ("lint", "typecheck"):
            report.step(f"dashboard {script}", ["npm", "run", script], env=dashboard.environment(), cwd=FRONTEND)


def everything() -> int:
    """make test: linters, every package's tests, the dashboard's, the whole system's; stops what it started."""
    instance = Instance("test")
    was_running = keeper.running(instance)
    report = _report(instance)
    try:
        # The tests of services wait for databases and brokers half of their time: the linters use the other half.
        with ThreadPoolExecutor(1) as beside:
            checking = beside.submit(_check_and_dashboard, report, instance)
            infrastructure.up(instance)
            for service in services.PACKAGES:
                command, environment = services.test_command(instance, service)
                report.step(f"tests {service}", [*command, "-q"], env=environment)
            pytest = [tool("python"), "-m", "pytest", "-p", "no:django", "-q"]
            report.step("tests ops", [*pytest, "tests/ops"], env=os.environ | {"PYTHONPATH": str(ROOT)})
            checking.result()
    finally:
        if not was_running:
            keeper.stop(instance)
    _journeys(report)
    faults = [PYTHON, "-m", "pytest", "-p", "no:django", "-q", "tests/faults"]
    report.step("tests faults", faults, env=os.environ | {"PYTHONPATH": str(ROOT)})
    return report.close()


def _check_and_dashboard(report: Report, instance: Instance) -> None:
    _services_check(report, instance)
    report.step("tests dashboard", ["npm", "test"], env=dashboard.environment(), cwd=FRONTEND)
    _python_check(report, instance)


def _journeys(report: Report) -> None:
    """The whole-system tests on a stack of their own, with no data but its own."""
    instance = Instance("journey")
    keeper.stop(instance)
    shutil.rmtree(instance.directory, ignore_errors=True)
    try:
        if report.call("whole stack", lambda: stack.up(Stack(instance))):
            command = [PYTHON, "-m", "pytest", "-p", "no:django", "-q", "tests/journeys"]
            report.step("tests journeys", command, env=os.environ | journey_environment(instance))
    finally:
        if "tests journeys" in report.failed:
            shutil.copytree(instance.log, report.directory / "journey-logs", dirs_exist_ok=True)
        keeper.stop(instance)
        shutil.rmtree(instance.directory, ignore_errors=True)


def journey_environment(instance: Instance) -> dict[str, str]:
    """Where the stack is, as tests/journeys wants to know it."""
    settings = instance.settings
    broker = f"amqp://admin:{settings['ADMIN_BROKER_PASSWORD']}@127.0.0.1:{settings['AMQP_PORT']}/%2F"
    return {
        "GATEWAY_URL": f"http://localhost:{settings['GATEWAY_PORT']}",
        "METER_AMQP_URL": settings["METER_AMQP_URL"],
        "MQTT_ADDRESS": f"127.0.0.1:{settings['MQTT_PORT']}",
        "BROKER_ADMIN_URL": broker,
        "POSTGRES_URL": f"postgres://postgres:{settings['POSTGRES_PASSWORD']}@127.0.0.1:{settings['POSTGRES_PORT']}",
        "SUPERVISOR_CONF": str(keeper.config_file(instance)),
        "PYTHONPATH": str(ROOT),
    }
