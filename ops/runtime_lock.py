"""runtime_lock.py LOCK: prints the part of the lock that the services run with, without the groups `native` and `dev`.

A lock compiled by uv says in comments why each package is there ("# via django", "# via auth-service (auth_service/
pyproject.toml)"); what no service's pyproject.toml leads to is left out.
"""

import re
import sys
from pathlib import Path


def packages(lock: str) -> dict[str, tuple[str, set[str]]]:
    """Package -> (its lines, what it is there for)."""
    found: dict[str, tuple[str, set[str]]] = {}
    for block in re.split(r"\n(?=[a-z0-9])", "\n" + lock):
        name = re.match(r"[a-z0-9._-]+", block.strip())
        if name:
            comments = " ".join(re.findall(r"^ +# *(.*)$", block, re.MULTILINE))
            reasons = set(re.findall(r"[A-Za-z0-9._-]+(?: \([^)]*\))?", re.sub(r"^via ", "", comments)))
            previous = found.get(name[0], ("", set[str]()))
            found[name[0]] = (previous[0] + block.strip("\n") + "\n", previous[1] | reasons)
    return found


def runtime(lock: str) -> str:
    """The lines of the packages that a service needs, directly or through others."""
    all_packages = packages(lock)
    kept = {
        name
        for name, (_, reasons) in all_packages.items()
        if any(re.search(r"\(\w+/pyproject\.toml\)", reason) for reason in reasons)
    }
    while True:
        more = {name for name, (_, reasons) in all_packages.items() if reasons & kept} - kept
        if not more:
            return "".join(all_packages[name][0] for name in sorted(kept))
        kept |= more


if __name__ == "__main__":
    sys.stdout.write(runtime(Path(sys.argv[1]).read_text()))
