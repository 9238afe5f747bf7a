"""python -m ops.alive SUBJECT [STATUS]: exit status 0 when a process is healthy. What both engines ask.

http://HOST:PORT/PATH   answers 200 (or STATUS)
/PATH                   a heartbeat file, touched within the last minute
HOST:PORT               this machine (a container has only the one process) holds a connection to it
"""

import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HEARTBEAT_SECONDS = 60
ESTABLISHED = "01"


def problem(subject: str, status: int = 200) -> str | None:
    """None when healthy, else what is wrong."""
    if subject.startswith("http"):
        return _http(subject, status)
    if subject.startswith("/"):
        return _heartbeat(Path(subject))
    return _connection(int(subject.rsplit(":", 1)[1]))


def _http(url: str, status: int) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=4) as answer:
            found, said = answer.status, ""
    except urllib.error.HTTPError as refused:
        found, said = refused.code, refused.read(300).decode(errors="replace")
    except OSError as error:
        return f"{url}: {error}"
    return None if found == status else f"{url}: {found} {said}"


def _heartbeat(path: Path) -> str | None:
    try:
        age = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return f"no heartbeat yet at {path}"
    return None if age < HEARTBEAT_SECONDS else f"last heartbeat {age:.0f} s ago ({path})"


def _connection(port: int) -> str | None:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            remote, state = line.split()[2:4]
            if state == ESTABLISHED and int(remote.rsplit(":", 1)[1], 16) == port:
                return None
    return f"no connection to port {port} from {socket.gethostname()}"


if __name__ == "__main__":
    trouble = problem(sys.argv[1], *map(int, sys.argv[2:]))
    if trouble:
        sys.exit(trouble)
