"""docs/faults.md, as a full run writes it."""

import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from ops import broker, databases
from tests.faults.system import Times


@dataclass(frozen=True)
class Row:
    """One case: what was done to the system, what held all the same, and the seconds until everything was as it should be."""

    fault: str
    holds: str
    passed: bool
    healing: float | None


ROWS = pytest.StashKey[list[Row]]()
HEAD = """\
# What the system survives
Written by `make faults`, which does to a whole stack what each row says and then asks one question: do all services agree on who
exists, what they are called and what is assigned to them, is every saga at its end, every outbox and queue empty, and nothing in a
dead-letter queue but what the case put there? *Healed* is the time from the end of the fault until the answer was yes.

{ran} of {cases} cases, run on {date} with Python {python}, PostgreSQL {postgres}, RabbitMQ {rabbitmq}; a registration waits {wait} s for its answer, tries for
{deadline} s before it is undone, and is taken over {lease} s after its process stopped; outages last {outage} s.

| fault | what holds | result | healed |
|---|---|---|---|
"""


def written(rows: list[Row], times: Times, *, cases: int) -> str:
    postgres = subprocess.run(
        [databases.binaries() / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    head = HEAD.format(
        ran=len(rows),
        cases=cases,
        date=datetime.now(UTC).date(),
        python=platform.python_version(),
        postgres=postgres.stdout.split()[2],
        rabbitmq=broker.server().parent.parent.name.partition("-")[2],
        wait=times.wait,
        deadline=times.deadline,
        lease=times.lease,
        outage=times.outage,
    )
    return head + "".join(
        f"| {row.fault} | {row.holds} | {'holds' if row.passed else '**broken**'} |"
        f" {'' if row.healing is None else f'{row.healing:.1f} s'} |\n"
        for row in rows
    )
