"""A whole native stack: infrastructure, tables, dashboard and every process, healthy or not there at all."""

import hashlib
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ops import alive, dashboard, infrastructure, install, keeper
from ops.console import Refusal, log_tail, say, step
from ops.instances import refuse_taken
from ops.processes import ROOT, Stack, digest, source

HEALTHY_WITHIN = 150
REPORT_EVERY = 5


def up(stack: Stack) -> None:
    """Starts what does not run, restarts what changed, waits until all is healthy. On failure it leaves nothing running
    that was not running before."""
    instance = stack.instance
    was_running = keeper.running(instance)
    if not was_running:
        keeper.stop(instance)  # what a killed supervisor may have left
        install.memory()
        refuse_taken(instance, infrastructure.ports(instance) + stack.ports())
    try:
        with ThreadPoolExecutor(2) as both:
            building = both.submit(dashboard.build) if "frontend" in stack.services else None
            both.submit(_tables, stack, was_running).result()
            if building is not None:
                building.result()
        _processes(stack)
        _tasks(stack, stack.late_tasks)
    except BaseException:
        if not was_running:
            say("Stopping what was started ...")
            keeper.stop(instance)
        raise


def _tables(stack: Stack, was_running: bool) -> None:
    instance = stack.instance
    programs = infrastructure.prepare(instance)
    if was_running:
        infrastructure.wait(instance)
    else:
        with step("Starting PostgreSQL and RabbitMQ"):
            keeper.start(instance, programs)
            infrastructure.wait(instance)
    _tasks(stack, stack.early_tasks)


def _tasks(stack: Stack, names: list[str]) -> None:
    """Runs the tasks, those that wait for no other side by side. A migration whose code has not changed is skipped."""
    waiting = {name: [need for need in stack.needs(name) if need in names] for name in names}
    while waiting:
        ready = [name for name, needs in waiting.items() if not any(need in waiting for need in needs)]
        due = [name for name in ready if not _done_before(stack, name)]
        if due:
            with step(f"Running {', '.join(due)}"), ThreadPoolExecutor(len(due)) as side_by_side:
                for running in [side_by_side.submit(_task, stack, name) for name in due]:
                    running.result()
        for name in ready:
            del waiting[name]


def _stamp(stack: Stack, name: str) -> Path:
    return stack.instance.directory / f"{name}.done"


def _wanted(stack: Stack, name: str) -> str:
    folder = stack.services[name]["build"]["args"]["SERVICE"]
    files = [path for path in source(ROOT / folder) + source(ROOT / "service_kit") if "migrations" in path.parts]
    settings = hashlib.sha256(repr(sorted(stack.environment(name).items())).encode()).hexdigest()
    return digest([ROOT / "requirements.lock", ROOT / folder / "config" / "settings.py", *files]) + settings


def _done_before(stack: Stack, name: str) -> bool:
    stamp = _stamp(stack, name)
    return name.endswith("-migrate") and stamp.exists() and stamp.read_text() == _wanted(stack, name)


def _task(stack: Stack, name: str) -> None:
    log = stack.instance.log / f"{name}.log"
    environment = os.environ | stack.environment(name) | {"EMS_INSTANCE": str(stack.instance.directory)}
    with log.open("w") as output:
        code = subprocess.run(
            stack.command(name), shell=True, env=environment, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
        ).returncode
    if code:
        raise Refusal(f"{name} failed with status {code}. {log_tail(log)}")
    _stamp(stack, name).write_text(_wanted(stack, name))


def _processes(stack: Stack) -> None:
    states = keeper.states(stack.instance)
    for name in stack.services:
        # An old heartbeat would make a process look healthy before it has started.
        if not states.get(name, ("", None))[1]:
            (stack.instance.directory / f"{name}.heartbeat").unlink(missing_ok=True)
    with step("Starting the services"):
        keeper.start(stack.instance, stack.programs)
        wait_healthy(stack)


def unhealthy(stack: Stack) -> dict[str, str]:
    """Process -> what is wrong with it, for all that do not yet do what they are there for."""
    states = keeper.states(stack.instance)
    wrong = {}
    for program in stack.programs:
        state, _ = states.get(program.name, ("not started", None))
        if program.restart == "unexpected" and state == "EXITED":
            continue
        trouble = None if state == "RUNNING" else state.lower()
        wrong[program.name] = trouble or _trouble(stack, program.name) or ""
    return {name: trouble for name, trouble in wrong.items() if trouble}


def _trouble(stack: Stack, name: str) -> str | None:
    if name == "gateway":
        return alive.problem(f"http://{stack.address(name, 8080)}/ping")
    if name == "frontend":
        return alive.problem(f"http://{stack.address(name, 8000)}/")
    asked = stack.health(name)
    return alive.problem(asked[0], *map(int, asked[1:])) if asked else None


def wait_healthy(stack: Stack) -> None:
    """Waits until every process is healthy, saying every few seconds which are not."""
    deadline, report = time.monotonic() + HEALTHY_WITHIN, time.monotonic() + REPORT_EVERY
    while wrong := unhealthy(stack):
        if time.monotonic() > deadline:
            name, trouble = next(iter(wrong.items()))
            raise Refusal(
                f"Not healthy after {HEALTHY_WITHIN} s: {', '.join(wrong)}. {name}: {trouble}\n"
                f"{log_tail(stack.instance.log / f'{name}.log')}"
            )
        if time.monotonic() > report:
            say(f"Waiting for {len(wrong)}: {', '.join(wrong)}")
            report += REPORT_EVERY
        time.sleep(keeper.POLL * 5)
