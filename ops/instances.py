"""An instance is one whole stack with its own ports and data, so that `make test` runs beside `make up`.

instance   ports                                                data
main       as .env says; NATIVE_PORTS.. among the processes     .local/main
others     the first free block of 100 from the table below     .local/<instance>
"""

import hashlib
import os
import pwd
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ops import environment
from ops.console import Refusal

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".local" / "venv"

# First block of each instance; when something else listens there, the next of ten blocks is taken. All below the
# range that the kernel hands out to outgoing connections (32768 and up), and away from the ports of .env.
BLOCKS = {"test": 21000, "journey": 22000, "second": 23000, "faults": 24000, "bench": 25000}
OFFSETS = {
    "GATEWAY_PORT": 0,
    "AMQP_PORT": 1,
    "MQTT_PORT": 2,
    "POSTGRES_PORT": 3,
    "BROKER_CONSOLE_PORT": 4,
    "GATEWAY_DASHBOARD_PORT": 5,
}
# Within the block of ports that the processes use among themselves.
EPMD, DISTRIBUTION, FIRST_PROCESS = 10, 11, 20


def tool(name: str) -> str:
    """A command of the virtual environment."""
    return str(VENV / "bin" / name)


@dataclass(frozen=True)
class Instance:
    name: str

    @cached_property
    def directory(self) -> Path:
        """Holds the instance's data. Elsewhere than in the checkout only where PostgreSQL's user could not get there."""
        wanted = ROOT / ".local" / self.name
        # A home directory of root is closed to the user postgres, and a socket's path must stay below 108 characters.
        open_way = all(parent.stat().st_mode & 0o001 for parent in ROOT.parents)
        if open_way and len(str(wanted)) < 70:
            return wanted
        return Path("/var/lib") / f"ems-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}" / self.name

    @property
    def log(self) -> Path:
        return self.directory / "log"

    @property
    def is_test(self) -> bool:
        """Made by tests: speed matters more than surviving a power cut, and nothing is offered to other machines."""
        return self.name in ("test", "journey", "faults")

    @cached_property
    def settings(self) -> dict[str, str]:
        """.env with this instance's ports."""
        values = environment.read(ROOT / ".env")
        environment.check(values)
        if self.name == "main":
            return values
        block = self._block()
        values |= {name: str(block + offset) for name, offset in OFFSETS.items()}
        values["NATIVE_PORTS"] = str(block)
        values["PUBLIC_URL"] = f"http://localhost:{values['GATEWAY_PORT']}"
        values["METER_AMQP_URL"] = f"amqp://meter:{values['METER_BROKER_PASSWORD']}@127.0.0.1:{values['AMQP_PORT']}/%2F"
        if self.is_test:
            values |= {"BIND_ADDRESS": "127.0.0.1", "LOG_LEVEL": "WARNING", "DEMO": os.environ.get("DEMO", "true")}
            values |= {"THROTTLE_LOGIN": "600/min", "THROTTLE_REGISTER": "600/min"}
        return values

    def port(self, name: str) -> int:
        return int(self.settings[name])

    def private_port(self, offset: int) -> int:
        return self.port("NATIVE_PORTS") + offset

    def _block(self) -> int:
        """The block this instance had before, else the first of its ten where nothing listens."""
        if self.name not in BLOCKS:
            raise Refusal(f"Instance {self.name!r} is not one of main, {', '.join(BLOCKS)}.")
        record = self.directory / "ports"
        if record.exists():
            before = int(record.read_text())
            # While this instance was down, that of another checkout may have come to listen there.
            if processes_of(self) or not _anything_listens(before):
                return before
        for block in range(BLOCKS[self.name], BLOCKS[self.name] + 1000, 100):
            if not _anything_listens(block):
                self.directory.mkdir(parents=True, exist_ok=True)
                record.write_text(str(block))
                return block
        raise Refusal(f"No free block of ports from {BLOCKS[self.name]} on. Stop what listens there (ss -ltnp).")


def listening(port: int) -> bool:
    """Whether anything on this machine accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _anything_listens(block: int) -> bool:
    return any(listening(block + offset) for offset in range(60))


def refuse_taken(instance: Instance, wanted: Iterable[tuple[str, int]]) -> None:
    """Raises Refusal naming the first taken port, the variable that sets it and the process that has it."""
    for name, port in wanted:
        if listening(port):
            way_out = f", or set {name} in .env to a free port" if instance.name == "main" else ""
            raise Refusal(f"Port {port} ({name}) is taken by {holder(port)}. Stop that{way_out}.")


def holder(port: int) -> str:
    """Name and id of the process that listens on the port, as far as /proc tells."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(link) in inodes for link in (process / "fd").iterdir()):
                command = (process / "cmdline").read_text().replace("\0", " ").strip()
                return f"process {process.name} ({command[:80]})"
        except OSError:
            continue  # it ended meanwhile, or belongs to somebody else
    return "a process of another user or container"


def user(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise Refusal(f"The system user {name!r} is missing. Install it with: make up (as root)") from None


def processes_of(instance: Instance) -> list[int]:
    """Every process that was started for this instance: they all inherit EMS_INSTANCE."""
    mark = f"EMS_INSTANCE={instance.directory}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            continue  # it ended meanwhile
    return sorted(pid for pid in found if pid != os.getpid())


def valid_name(text: str) -> str:
    if not re.fullmatch("main|" + "|".join(BLOCKS), text):
        raise Refusal(f"INSTANCE={text} is not one of main, {', '.join(BLOCKS)}.")
    return text
