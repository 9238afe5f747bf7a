"""The dashboard's files, built when their sources changed."""

import os
import shutil
from pathlib import Path

from ops.console import run, step
from ops.instances import ROOT, VENV, tool
from ops.processes import digest

FRONTEND = ROOT / "frontend"
BUILT = ROOT / ".local" / "dashboard-built"
INSTALLED = ROOT / ".local" / "dashboard-packages"
NOT_SOURCES = ("node_modules", "dist", "generated", "test-results", "coverage")


def environment() -> dict[str, str]:
    """With Node from the virtual environment first."""
    return os.environ | {"PATH": f"{VENV}/bin:{os.environ.get('PATH', '')}", "CI": "true", "NO_COLOR": "1"}


def sources() -> str:
    """A digest of everything the build reads."""
    files: list[Path] = []
    for folder, folders, names in os.walk(FRONTEND):
        folders[:] = [name for name in folders if name not in NOT_SOURCES]  # node_modules alone has tens of thousands
        files += [Path(folder) / name for name in names]
    return digest(sorted(files))


def packages() -> None:
    """npm ci, when package-lock.json is not the one that was installed last."""
    wanted = digest([FRONTEND / "package-lock.json"])
    if (FRONTEND / "node_modules").exists() and INSTALLED.exists() and INSTALLED.read_text() == wanted:
        return
    with step("Installing the dashboard's packages (npm ci)"):
        run(
            [tool("npm"), "ci"],
            cwd=FRONTEND,
            env=environment(),
            log=ROOT / ".local" / "npm-ci.log",
            failure="The dashboard's packages could not be installed. Is the npm registry reachable? Then start again.",
        )
        INSTALLED.write_text(wanted)


def build() -> None:
    """frontend/dist, unless it was built from these very sources."""
    wanted = sources()
    if (FRONTEND / "dist" / "index.html").exists() and BUILT.exists() and BUILT.read_text() == wanted:
        return
    packages()
    with step("Building the dashboard"):
        shutil.rmtree(FRONTEND / "dist", ignore_errors=True)
        run(
            [tool("npm"), "run", "build"],
            cwd=FRONTEND,
            env=environment(),
            log=ROOT / ".local" / "npm-build.log",
            failure="The dashboard could not be built.",
        )
        BUILT.write_text(wanted)
