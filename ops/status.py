"""What runs, whether it is healthy, and what memory it takes."""

import os
from pathlib import Path

from ops import keeper, stack, trouble
from ops.instances import Instance, processes_of
from ops.processes import Stack


def proportional_memory(pid: int) -> int:
    """PSS in bytes: private memory plus the process's share of what it shares. 0 when it has ended.

    In a container root may not look into other users' processes: then it is the resident size, which is never less.
    """
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except PermissionError:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        pass
    return 0


def tree() -> dict[int, list[int]]:
    """Parent -> children, of all processes."""
    children: dict[int, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue  # it ended meanwhile
        children.setdefault(parent, []).append(int(process.name))
    return children


def with_descendants(pid: int, children: dict[int, list[int]]) -> list[int]:
    return [pid, *(below for child in children.get(pid, []) for below in with_descendants(child, children))]


def show(instance: Instance) -> int:
    """Prints a line per process; 0 when all are healthy, 3 when nothing runs, 1 otherwise."""
    if not keeper.running(instance):
        print(f"Instance {instance.name} does not run. Start it with: make up")
        return 3
    wrong, children, known, total = stack.unhealthy(Stack(instance)), tree(), set[int](), 0
    for name, (state, pid) in keeper.states(instance).items():
        pids = with_descendants(pid, children) if pid else []
        known.update(pids)
        memory = sum(map(proportional_memory, pids))
        total += memory
        print(
            f"{name:20} {state:9} {pid or '':>8} {memory / 2**20:8.1f} MiB  {wrong.get(name, 'healthy' if pid else '')}"
        )
    others = sum(map(proportional_memory, set(processes_of(instance)) - known))
    print(f"{'keeper and others':20} {'':18} {others / 2**20:8.1f} MiB")
    print(f"{'sum of PSS':20} {'':18} {(total + others) / 2**20:8.1f} MiB")
    trouble.show(instance.settings, trouble.ask_natively(instance.settings))
    print(f"Gateway http://localhost:{instance.settings['GATEWAY_PORT']}, logs in {instance.log}")
    return 1 if wrong else 0
