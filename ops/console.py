"""What the person at the keyboard sees: one line per step with its duration, and one clear line when it cannot go on."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

# Kept when the command goes on in the virtual environment (install.continue_in_venv).
_started = float(os.environ.pop("EMS_STARTED", time.monotonic()))


class Refusal(Exception):
    """The request cannot be met. The message names the offending value and the way out."""


def started() -> str:
    """The moment from which durations are counted, for EMS_STARTED."""
    return str(_started)


def say(text: str) -> None:
    print(f"{time.monotonic() - _started:6.1f}s  {text}", flush=True)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Announces a slow step before it starts and its duration when it is over."""
    say(f"{text} ...")
    begun = time.monotonic()
    yield
    say(f"{text}: done in {time.monotonic() - begun:.1f} s")


def run(
    command: Sequence[str | Path],
    *,
    log: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    failure: str = "",
) -> str:
    """The command's output. A failure raises Refusal with `failure`, the last lines and the log's path."""
    arguments = [str(part) for part in command]
    if log:
        # Written while the command runs, so that it can be watched.
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as output:
            code = subprocess.run(arguments, env=env, cwd=cwd, stdout=output, stderr=subprocess.STDOUT).returncode
        text = log.read_text(errors="replace")
    else:
        done = subprocess.run(
            arguments, env=env, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace"
        )
        code, text = done.returncode, done.stdout
    if code:
        where = f" (all of it: {log})" if log else ""
        raise Refusal(f"{failure or 'Failed: ' + ' '.join(arguments)}{where}\n{tail(text)}")
    return text


def tail(text: str, lines: int = 12) -> str:
    return "\n".join("    " + line for line in text.strip().splitlines()[-lines:])


def log_tail(path: Path) -> str:
    """The last lines of a log with its path, for the message of a Refusal."""
    if not path.exists():
        return f"(no log yet at {path})"
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 8192))
        return f"{path} ends with:\n{tail(file.read().decode(errors='replace'))}"


def error(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
