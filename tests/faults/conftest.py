"""A stack that gets hurt, people who use it meanwhile, and the table of what came of it (docs/faults.md)."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.instances import ROOT, Instance
from tests.faults import table
from tests.faults.checker import agree
from tests.faults.system import FULL, PASSWORD, SHORT, System, Times
from tests.journeys.client import wait_for


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="outages of a minute and the settings that people have")
    parser.addoption("--keep", action="store_true", help="begin with the stack of the last run, and leave it running")
    parser.addoption("--table", type=Path, help="the file that the table of results is written to")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(what, holds): the case's row in docs/faults.md")
    config.addinivalue_line("markers", "full: left to the full run, since a case like it is in the short one")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--full"):
        left = [item for item in items if item.get_closest_marker("full")]
        items[:] = [item for item in items if item not in left]
        config.hook.pytest_deselected(items=left)


def times(config: pytest.Config) -> Times:
    return FULL if config.getoption("--full") else SHORT


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[System]:
    made = System(times(request.config), Instance("faults"))
    keep = request.config.getoption("--keep")
    if not keep:
        made.down()
    try:
        made.up()
        yield made
    finally:
        if request.session.testsfailed:
            shutil.copytree(made.instance.log, ROOT / ".local" / "faults-logs", dirs_exist_ok=True)
        if not keep:
            made.down()


@pytest.fixture
def system(stack: System) -> Iterator[System]:
    """The stack, whole before and after each case."""
    yield stack
    stack.heal()


@pytest.fixture
def agreed(system: System, request: pytest.FixtureRequest) -> Callable[..., None]:
    """`agreed()`: the fault is over; everything heals by itself, and all services agree. How long it took goes into the table."""

    def check(**options: Any) -> None:
        request.node.healing = max(getattr(request.node, "healing", 0.0), agree(system, **options))

    return check


class People:
    """Who registers, is changed and is deleted, through the gateway."""

    def __init__(self, system: System) -> None:
        self._system = system

    def form(self, first_name: str = "Alice", **changed: str) -> dict[str, str]:
        username = f"{first_name.lower()}-{uuid.uuid4().hex[:10]}"
        return {
            "username": username, "email": f"{username}@example.org", "password": PASSWORD,
            "first_name": first_name, "last_name": "Faults", "phone": "", **changed,
        }  # fmt: skip

    def ask(self, form: dict[str, str]) -> Any:
        """The answer to a registration, whatever it is."""
        # A case may stop the process that answers for longer than a lease.
        return self._system.anyone.http.post("/api/auth/register", json=form, timeout=self._system.times.lease + 60)

    def ended(self, answer: Any) -> Any:
        """The answer, or when it is 202 what its status address says in the end: 201, 409 or 422."""
        if answer.status_code != 202:
            return answer

        def end() -> Any:
            found = self._system.anyone.http.get(answer.json()["status_url"])
            return found if found.status_code in (201, 409, 422) else None

        return wait_for("the registration has ended", end, within=self._system.times.deadline + 90)

    def register(self, first_name: str = "Alice") -> dict[str, Any]:
        """A user that is there when this returns."""
        answer = self.ended(self.ask(self.form(first_name)))
        assert answer.status_code == 201, answer.text
        user: dict[str, Any] = answer.json()["user"]
        return user

    def may_register(self, form: dict[str, str]) -> bool:
        return bool(self.ended(self.ask(form)).status_code == 201)

    def can_sign_in(self, form: dict[str, str]) -> bool:
        login = {"username": form["username"], "password": form["password"]}
        return self._system.anyone.http.post("/api/auth/login", json=login).status_code == 200


@pytest.fixture
def people(system: System) -> People:
    return People(system)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    mark = item.get_closest_marker("fault")
    if mark is not None and report.when == "call":
        fault, holds = mark.args
        row = table.Row(fault, holds, passed=report.passed, healing=getattr(item, "healing", None))
        item.config.stash.setdefault(table.ROWS, []).append(row)


def pytest_sessionfinish(session: pytest.Session) -> None:
    target = session.config.getoption("--table")
    rows = session.config.stash.get(table.ROWS, [])
    if target and rows:
        target.write_text(table.written(rows, times(session.config), cases=session.testscollected))
