"""supervisor, which keeps an instance's processes alive: its configuration, its start, its questions and its end."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from ops.console import Refusal, log_tail
from ops.instances import EPMD, ROOT, VENV, Instance, processes_of, tool

POLL = 0.1
SERVERS = ("postgres", "rabbitmq")


@dataclass(frozen=True)
class Program:
    """One process: the same command and environment that its block in docker-compose.yml has."""

    name: str
    command: str
    environment: Mapping[str, str]
    user: str = ""
    stop_signal: str = "TERM"
    stop_wait: int = 30
    directory: str = str(ROOT)
    restart: str = "true"  # supervisor's autorestart; "unexpected": an end with status 0 is meant


def configuration(instance: Instance, programs: Iterable[Program]) -> str:
    """supervisord.conf. Values are quoted, and % doubled, as supervisor's own expansion wants."""
    run_directory = instance.directory
    head = f"""\
[supervisord]
logfile = {instance.log}/supervisord.log
logfile_maxbytes = 5MB
pidfile = {run_directory}/supervisord.pid
directory = {ROOT}
minfds = 1024
user = root

[unix_http_server]
file = {run_directory}/supervisor.sock
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

# For a look by hand: supervisorctl -c this file.
[supervisorctl]
serverurl = unix://{run_directory}/supervisor.sock
"""
    return head + "".join(_section(instance, program) for program in programs)


def _section(instance: Instance, program: Program) -> str:
    values = {**program.environment, "EMS_INSTANCE": str(instance.directory)}
    environment = ",".join(f'{name}="{value}"' for name, value in sorted(values.items())).replace("%", "%%")
    command = program.command.replace("%", "%%")
    return f"""
[program:{program.name}]
command = {command}
environment = {environment}
directory = {program.directory}
{f"user = {program.user}" if program.user else "# as supervisor itself"}
autorestart = {program.restart}
startsecs = 1
# Tries again for hours: a process that waits for a broker must be there when the broker comes back.
startretries = 100
stopsignal = {program.stop_signal}
stopwaitsecs = {program.stop_wait}
killasgroup = true
redirect_stderr = true
stdout_logfile = {instance.log}/{program.name}.log
stdout_logfile_maxbytes = 5MB
stdout_logfile_backups = 1
"""


def config_file(instance: Instance) -> Path:
    return instance.directory / "supervisord.conf"


def ask(instance: Instance, method: str, *arguments: object) -> Any:
    """Calls supervisor's XML-RPC method over its socket. Raises OSError when it does not answer."""
    from supervisor.xmlrpc import SupervisorTransport  # in the virtual environment, which may not be there yet

    transport = SupervisorTransport(None, None, f"unix://{instance.directory}/supervisor.sock")
    with ServerProxy("http://127.0.0.1", transport=transport, allow_none=True) as supervisor:
        return getattr(supervisor.supervisor, method)(*arguments)


def _answers(instance: Instance) -> bool:
    try:
        return bool(ask(instance, "getPID"))
    except OSError:
        return False


def running(instance: Instance) -> bool:
    """Whether this instance's supervisor is alive (the id in its pid file is checked to be really its own)."""
    pid_file = instance.directory / "supervisord.pid"
    if not pid_file.exists() or not config_file(instance).exists():
        return False
    try:
        command = Path(f"/proc/{int(pid_file.read_text())}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False
    return str(config_file(instance)).encode() in command


def start(instance: Instance, programs: Sequence[Program]) -> None:
    """Writes the configuration and starts it, or makes a running supervisor start what is new and restart what changed."""
    instance.log.mkdir(parents=True, exist_ok=True)
    config_file(instance).write_text(configuration(instance, programs))
    config_file(instance).chmod(0o600)  # it holds the passwords
    if running(instance):
        _update(instance)
        return
    environment = {name: value for name, value in os.environ.items() if name != "EMS_INSTANCE"}
    environment["EMS_INSTANCE"] = str(instance.directory)
    environment["PATH"] = f"{VENV}/bin:" + environment.get("PATH", "")
    started = subprocess.run(
        [tool("supervisord"), "-c", config_file(instance)], env=environment, text=True, capture_output=True
    )
    if started.returncode:
        raise Refusal(
            f"supervisor did not start: {(started.stdout + started.stderr).strip()}\n{log_tail(instance.log / 'supervisord.log')}"
        )
    wait_for(lambda: _answers(instance), seconds=20, otherwise=lambda: supervisor_silent(instance))


def _update(instance: Instance) -> None:
    """As `supervisorctl update`: stops what is gone or changed, side by side, and starts what is new or changed."""
    [[added, changed, removed]] = ask(instance, "reloadConfig")
    for name in [*changed, *removed]:
        ask(instance, "stopProcessGroup", name, False)
    for name in [*changed, *removed]:
        _wait_stopped(instance, name)
        ask(instance, "removeProcessGroup", name)
    for name in [*added, *changed]:
        ask(instance, "addProcessGroup", name)


def _wait_stopped(instance: Instance, name: str) -> None:
    wait_for(
        lambda: states(instance)[name][1] is None,
        seconds=60,
        otherwise=lambda: Refusal(f"{name} does not stop. {log_tail(instance.log / f'{name}.log')}"),
    )


def supervisor_silent(instance: Instance) -> Refusal:
    return Refusal(f"supervisor does not answer. {log_tail(instance.log / 'supervisord.log')}")


def states(instance: Instance) -> dict[str, tuple[str, int | None]]:
    """Name -> (supervisor's state, process id)."""
    return {each["name"]: (each["statename"], each["pid"] or None) for each in ask(instance, "getAllProcessInfo")}


def stop(instance: Instance) -> bool:
    """Ends supervisor and all it keeps, and whatever a killed supervisor left behind. Whether there was anything."""
    pids = processes_of(instance)
    if not pids:
        _end_port_mapper(instance)
        return False
    if running(instance):
        _end(instance)
    _end_port_mapper(instance)
    # What remains is an orphan.
    for number, patience in ((signal.SIGINT, 15), (signal.SIGTERM, 15), (signal.SIGKILL, 10)):
        for pid in processes_of(instance):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        with suppress(Refusal):
            wait_for(lambda: not processes_of(instance), seconds=patience, otherwise=lambda: Refusal("still there"))
            break
    return True


def _end(instance: Instance) -> None:
    """All processes side by side, then the servers they finish their work with, then supervisor itself."""
    with suppress(Refusal, OSError):
        names = [name for name in states(instance) if name not in SERVERS]
        for name in names:
            with suppress(Fault):  # it does not run
                ask(instance, "stopProcess", name, False)
        for name in names:
            _wait_stopped(instance, name)
        ask(instance, "shutdown")
        wait_for(lambda: not running(instance), seconds=60, otherwise=lambda: supervisor_silent(instance))


def _end_port_mapper(instance: Instance) -> None:
    """Erlang's port mapper outlives its broker. It is asked, since root of a container may not look into its process."""
    if mapper := shutil.which("epmd"):
        subprocess.run([mapper, "-port", str(instance.private_port(EPMD)), "-kill"], capture_output=True)


def wait_for(condition: Callable[[], bool], *, seconds: float, otherwise: Callable[[], Refusal]) -> None:
    """Polls until the condition holds; raises what `otherwise` gives when it does not within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise otherwise()
        time.sleep(POLL)
