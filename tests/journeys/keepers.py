"""Who keeps the stack's processes alive, so that a test can kill them: supervisor natively, or Docker."""

import json
import os
import re
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path


class Keeper(ABC):
    @abstractmethod
    def processes(self) -> dict[str, int]:
        """Name -> process id of everything that runs now."""

    def kill(self, pid: int) -> None:
        """What no process can prepare for."""
        os.kill(pid, signal.SIGKILL)


class Supervisor(Keeper):
    """`config` is the supervisord.conf of the running stack."""

    def __init__(self, config: str) -> None:
        self._command = [str(Path(sys.executable).with_name("supervisorctl")), "-c", config, "status"]

    def processes(self) -> dict[str, int]:
        # Status 3 means that some process does not run, which is nothing unusual here.
        told = subprocess.run(self._command, capture_output=True, text=True, check=False, timeout=30)
        found = re.findall(r"^(\S+)\s+RUNNING\s+pid (\d+)", told.stdout, re.MULTILINE)
        return {name: int(pid) for name, pid in found}


class Docker(Keeper):
    """`project` is the Compose project of the running stack. Killing needs root on the engine's own machine."""

    def __init__(self, project: str) -> None:
        self._filter = f"label=com.docker.compose.project={project}"

    def processes(self) -> dict[str, int]:
        ids = subprocess.run(
            ["docker", "ps", "-q", "--filter", self._filter], capture_output=True, text=True, check=True
        )
        if not ids.stdout.split():
            return {}
        # `docker kill` would count as wanted, and nothing would restart it: kill the process itself.
        told = subprocess.run(["docker", "inspect", *ids.stdout.split()], capture_output=True, text=True, check=True)
        return {
            entry["Config"]["Labels"]["com.docker.compose.service"]: entry["State"]["Pid"]
            for entry in json.loads(told.stdout)
            if entry["State"]["Running"]
        }


def keeper_from_environment() -> Keeper | None:
    """SUPERVISOR_CONF (a path) or COMPOSE_PROJECT_NAME says which stack to hurt; None without either."""
    if config := os.environ.get("SUPERVISOR_CONF"):
        return Supervisor(config)
    if project := os.environ.get("COMPOSE_PROJECT_NAME"):
        return Docker(project)
    return None
