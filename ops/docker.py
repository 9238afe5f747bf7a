"""The same stack with Docker Compose, and the choice between the two engines."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

import yaml

from ops import trouble
from ops.console import Refusal, run, say, step, tail
from ops.instances import ROOT, Instance, refuse_taken

PROJECT = "ems"
PUBLISHED = ("GATEWAY_PORT", "AMQP_PORT", "BROKER_CONSOLE_PORT", "GATEWAY_DASHBOARD_PORT")
HEALTHY_WITHIN = 300


def compose() -> list[str] | None:
    """The compose command of this machine."""
    if shutil.which("docker") and not subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        return ["docker", "compose", "-p", PROJECT]
    return ["docker-compose", "-p", PROJECT] if shutil.which("docker-compose") else None


def why_no_engine() -> str | None:
    """None when an engine answers to Docker Compose, else the reason in a few words."""
    if not shutil.which("docker"):
        return "docker is not installed"
    if not compose():
        return "Docker Compose is not installed"
    if subprocess.run(["docker", "info"], capture_output=True).returncode:
        return "no Docker engine answers"
    return None


def why_not() -> str | None:
    """None when Docker can run the stack, else the reason in a few words."""
    if reason := why_no_engine():
        return reason
    for image in _images():
        if subprocess.run(["docker", "image", "inspect", image], capture_output=True).returncode:
            say(f"Asking for the image {image} ...")
            try:
                pulled = subprocess.run(["docker", "pull", "-q", image], capture_output=True, timeout=60)
            except subprocess.TimeoutExpired:
                return f"the image {image} does not arrive"
            if pulled.returncode:
                return f"the image {image} cannot be had"
    return None


def _images() -> list[str]:
    """The images that must come from elsewhere: those to run and those to build on."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    recipes = [ROOT / "Dockerfile", ROOT / "frontend" / "Dockerfile"]
    bases = [
        line.split()[1] for recipe in recipes for line in recipe.read_text().splitlines() if line.startswith("FROM ")
    ]
    return list(dict.fromkeys([s["image"] for s in services.values() if "build" not in s] + bases))


def chosen(engine: str) -> str:
    """docker or native. With "auto" it says which and why."""
    if engine == "native":
        return "native"
    reason = why_not()
    if engine == "docker":
        if reason:
            raise Refusal(f"ENGINE=docker is not possible: {reason}. Mend that, or start with ENGINE=native.")
        return "docker"
    if engine != "auto":
        raise Refusal(f"ENGINE={engine} is not one of docker, native, auto.")
    say(f"Running natively: {reason}." if reason else "Running with Docker: an engine answers and has the images.")
    return "native" if reason else "docker"


def _run(*arguments: str, settings: Mapping[str, str], quiet: bool = False) -> subprocess.CompletedProcess[str]:
    output = subprocess.PIPE if quiet else None
    return subprocess.run(
        [*(compose() or []), *arguments],
        cwd=ROOT,
        env={**os.environ, **settings},
        text=True,
        stdout=output,
        stderr=subprocess.STDOUT if quiet else None,
    )


def up(instance: Instance) -> None:
    """Builds and starts all containers and waits until they are healthy; on failure takes them down again."""
    settings = instance.settings
    was_running = running(settings)
    if not was_running:
        refuse_taken(instance, [(name, instance.port(name)) for name in PUBLISHED])
    log = ROOT / ".local" / "docker-up.log"
    try:
        for text, arguments in (
            (f"Building the images (watch {log.relative_to(ROOT)})", ["build"]),
            ("Starting the containers", ["up", "-d", "--remove-orphans"]),
        ):
            with step(text):
                run(
                    [*(compose() or []), *arguments],
                    env={**os.environ, **settings},
                    cwd=ROOT,
                    log=log,
                    failure="Docker Compose could not start the stack.",
                )
        with step("Waiting for the containers"):
            _wait_healthy(settings)
    except BaseException:
        if not was_running:
            _run("down", settings=settings, quiet=True)
        raise


def _wait_healthy(settings: Mapping[str, str]) -> None:
    deadline, report = time.monotonic() + HEALTHY_WITHIN, time.monotonic() + 10
    while wrong := unhealthy(settings):
        if time.monotonic() > deadline:
            name, state = next(iter(wrong.items()))
            logs = subprocess.run(["docker", "logs", "--tail", "20", name], capture_output=True, text=True)
            raise Refusal(f"{name} is {state} after {HEALTHY_WITHIN} s:\n{tail(logs.stdout + logs.stderr)}")
        if time.monotonic() > report:
            say(f"Waiting for {len(wrong)}: {', '.join(wrong)}")
            report += 10
        time.sleep(1)


def unhealthy(settings: Mapping[str, str]) -> dict[str, str]:
    """Container -> its state, for those that neither run healthily nor ended with status 0."""
    ids = _run("ps", "-aq", settings=settings, quiet=True).stdout.split()
    inspected = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True).stdout if ids else "[]"
    wrong = {}
    for container in json.loads(inspected):
        state = container["State"]
        health = state.get("Health", {}).get("Status", "healthy")
        ended_well = state["Status"] == "exited" and state["ExitCode"] == 0
        if not ended_well and (state["Status"] != "running" or health != "healthy"):
            wrong[container["Name"].lstrip("/")] = f"{state['Status']} ({health})"
    return wrong


def running(settings: Mapping[str, str]) -> bool:
    if why_no_engine():
        return False
    return bool(_run("ps", "-q", settings=settings, quiet=True).stdout.strip())


def down(settings: Mapping[str, str], *, with_data: bool) -> None:
    _run("down", "--remove-orphans", *(["-v"] if with_data else []), settings=settings)


def status(settings: Mapping[str, str]) -> int:
    _run("ps", settings=settings)
    trouble.show(settings, ask(settings))
    return 1 if unhealthy(settings) else 0


def manage(settings: Mapping[str, str], service: str, arguments: Sequence[str]) -> int:
    """A management command inside the service's container."""
    terminal = [] if sys.stdin.isatty() else ["-T"]
    command = ["python", "-m", f"{service}_service.manage", *arguments]
    return _run("exec", *terminal, f"{service}-web", *command, settings=settings).returncode


def ask(settings: Mapping[str, str]) -> trouble.Ask:
    def answer(service: str, statement: str) -> tuple[int, int]:
        psql = ["psql", "-U", "postgres", "-d", service, "-tAF", " ", "-c", statement]
        said = _run("exec", "-T", "postgres", *psql, settings=settings, quiet=True).stdout.split()
        return int(said[0]), int(said[1])

    return answer


def logs(settings: Mapping[str, str], service: str) -> int:
    return _run("logs", "-f", "--tail", "100", *([service] if service else []), settings=settings).returncode
