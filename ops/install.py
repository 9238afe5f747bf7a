"""What the machine lacks: Debian packages, the virtual environment with every pinned package. Standard library only."""

import hashlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.console import Refusal, run, started, step
from ops.instances import ROOT, VENV, tool

LOCK = ROOT / "requirements.lock"
STAMP = VENV / "installed-lock"
POLICY = Path("/usr/sbin/policy-rc.d")
CLUSTERS = Path("/etc/postgresql-common/createcluster.conf")
CLUSTERS_DEFAULT = Path("/usr/share/postgresql-common/createcluster.conf")
NEEDED_MEMORY = 1_600 << 20
NEEDED_DISK_NEW, NEEDED_DISK = 4 << 30, 1 << 30


def machine() -> None:
    """Raises Refusal when the machine cannot carry the stack."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this is what says so on an older one
        raise Refusal(
            f"Python {sys.version.split()[0]} is too old: 3.11 is needed. Name another with: make up PYTHON=python3.11"
        )
    if os.geteuid() != 0:
        raise Refusal(
            "Root is needed to run PostgreSQL and RabbitMQ as users of their own: sudo make up, or ENGINE=docker"
        )
    free = shutil.disk_usage(ROOT).free
    needed = NEEDED_DISK if STAMP.exists() else NEEDED_DISK_NEW
    if free < needed:
        raise Refusal(
            f"Only {free >> 20} MiB are free on the disk of {ROOT}; {needed >> 20} are needed. Free some and start again."
        )


def memory() -> None:
    """Raises Refusal when a stack that is not running yet would not fit into memory."""
    available = available_memory()
    if available < NEEDED_MEMORY:
        raise Refusal(
            f"Only {available >> 20} MiB of memory are available; the stack needs {NEEDED_MEMORY >> 20}. "
            "Stop something else, or set DEMO=false and WEB_WORKERS=1 on a larger machine."
        )


def available_memory() -> int:
    """Bytes, of the machine or of the container this runs in, whichever is less."""
    lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(lines["MemAvailable"].split()[0]) << 10
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if limit.exists() and limit.read_text().strip() != "max":
        available = min(available, int(limit.read_text()) - int(used.read_text()))
    return available


def missing_packages(*, for_tests: bool = False) -> list[str]:
    wanted = {
        "python3-venv": bool(importlib.util.find_spec("ensurepip")),
        "postgresql": any(Path("/usr/lib/postgresql").glob("*/bin/postgres")),
        "rabbitmq-server": any(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*")),
        "tzdata": Path("/usr/share/zoneinfo/UTC").exists(),
        "chromium": not for_tests or bool(shutil.which("chromium")),
        "mosquitto-clients": not for_tests or bool(shutil.which("mosquitto_pub")),  # a meter that is not ours
    }
    return [package for package, there in wanted.items() if not there]


def system_packages(*, for_tests: bool = False) -> None:
    """Installs what is missing, with no system service started on the way."""
    missing = missing_packages(for_tests=for_tests)
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise Refusal(
            f"Missing: {', '.join(missing)}, and there is no apt-get here to install it. "
            "Install it with this system's own package manager, or start with ENGINE=docker."
        )
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    log = ROOT / ".local" / "apt.log"
    failure = f"apt-get could not install {' '.join(missing)}."
    with step(f"Installing {', '.join(missing)} with apt-get"), no_service_starts():
        run(["apt-get", "update", "-q"], env=quiet, log=log, failure=failure)
        run(["apt-get", "install", "-qy", "--no-install-recommends", *missing], env=quiet, log=log, failure=failure)


@contextmanager
def no_service_starts() -> Iterator[None]:
    """Debian's packages start their service at once unless policy-rc.d says no; PostgreSQL's also makes a cluster."""
    made_policy, made_clusters = not POLICY.exists(), not CLUSTERS.exists()
    try:
        if made_policy:
            POLICY.write_text("#!/bin/sh\nexit 101\n")
            POLICY.chmod(0o755)
        if made_clusters:
            CLUSTERS.parent.mkdir(parents=True, exist_ok=True)
            CLUSTERS.write_text("create_main_cluster = false\n")
        yield
    finally:
        if made_policy:
            POLICY.unlink(missing_ok=True)
        if made_clusters and CLUSTERS_DEFAULT.exists():
            shutil.copy(CLUSTERS_DEFAULT, CLUSTERS)


def _wanted_stamp() -> str:
    return hashlib.sha256(LOCK.read_bytes() + sys.version.split()[0].encode()).hexdigest()


def packages() -> None:
    """Brings .local/venv to what requirements.lock says; every package is checked against its hash."""
    if STAMP.exists() and STAMP.read_text() == _wanted_stamp():
        return
    log = ROOT / ".local" / "packages.log"
    way_out = "The packages could not be installed. Is the package index reachable? Then start again."
    with step("Installing the Python packages of requirements.lock"):
        if not Path(tool("python")).exists():
            base = getattr(sys, "_base_executable", sys.executable)
            run([base, "-m", "venv", VENV], log=log, failure=f"{VENV} could not be made.")
        uv = tool("uv")
        if not Path(uv).exists():
            with tempfile.NamedTemporaryFile("w", suffix=".txt") as pinned:
                pinned.write(_uv_block())
                pinned.flush()
                pip = [tool("python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
                run([*pip, "--require-hashes", "--no-deps", "-r", pinned.name], log=log, failure=way_out)
        run(
            [
                uv,
                "pip",
                "install",
                "-q",
                "--python",
                tool("python"),
                "--require-hashes",
                "--compile-bytecode",
                "-r",
                LOCK,
            ],
            log=log,
            failure=way_out,
        )
        STAMP.write_text(_wanted_stamp())


def _uv_block() -> str:
    """uv's own lines of the lock: version and hashes."""
    found = re.search(r"^uv==.*?(?=^[a-z0-9])", LOCK.read_text() + "\nz", re.MULTILINE | re.DOTALL)
    if not found:
        raise Refusal("requirements.lock does not hold uv. Make it again with: make lock")
    return found[0]


def continue_in_venv() -> None:
    """Starts this same command again with the virtual environment's Python, which has the packages."""
    if Path(sys.prefix).resolve() != VENV.resolve():
        python = tool("python")
        os.environ.pop("PYTHONHOME", None)
        os.environ["EMS_STARTED"] = started()
        os.execv(python, [python, "-m", "ops", *sys.argv[1:]])
