"""Any sequence of changes, with any faults between: at the end owners and copies agree, and whoever got an answer got a true one."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.faults.conftest import People
from tests.faults.proxy import Rule
from tests.faults.system import System
from tests.faults.test_events import a_device

WHO, WHICH, NAME = st.integers(0, 2), st.integers(0, 1), st.sampled_from(["Anna", "Bea", "Carla"])
CHANGE = st.one_of(
    st.tuples(st.just("register"), WHO),
    st.tuples(st.just("rename"), WHO, NAME),
    st.tuples(st.just("activate"), WHO, st.booleans()),
    st.tuples(st.just("delete"), WHO),
    st.tuples(st.just("assign"), WHO, WHICH),
    st.tuples(st.just("unassign"), WHO, WHICH),
)
POINTS = [
    "auth saga_before_profile", "auth saga_after_profile", "auth saga_after_devices", "auth saga_after_undo_devices",
    "user done_user.profile", "device done_device.user", "auth relay_after_confirm", "device relay_after_confirm",
    "monitoring after_commit_before_ack",
]  # fmt: skip
FAULT = st.one_of(
    st.just("none"),
    st.sampled_from(["refused", "silent", "late", "doubled", "cut off"]),
    st.sampled_from(POINTS),
)


class Story:
    """The sequence as it happens, and what its people were told."""

    def __init__(self, system: System, people: People) -> None:
        self.system, self.people = system, people
        self.forms: dict[int, dict[str, str]] = {}
        self.ids: dict[int, str] = {}
        self.told: dict[int, bool | None] = {}
        self.late: list[tuple[Any, Rule]] = []
        self.devices = [a_device(system)["id"] for _ in range(2)]
        self._chance = random.Random(7)

    def happens(self, change: tuple[Any, ...], fault: str) -> None:
        verb, who, *rest = change
        with self.during(fault):
            getattr(self, verb)(who, *rest)

    @contextmanager
    def during(self, fault: str) -> Iterator[None]:
        system, proxies = self.system, (self.system.user_proxy, self.system.device_proxy)
        with ExitStack() as while_it_lasts:
            if fault in POINTS:
                system.arm(*fault.split())
            for proxy in proxies:
                if fault == "refused":
                    while_it_lasts.enter_context(proxy.refuses(b"P", 422, times=1))
                elif fault == "silent":
                    while_it_lasts.enter_context(proxy.loses_reply(b"", times=1))
                elif fault == "late":
                    self.late.append((proxy, while_it_lasts.enter_context(proxy.holds(b"", times=1))))
            if fault == "cut off":
                system.broker_proxy.cut()
            yield
        if fault == "doubled":
            events = [event for service in ("auth", "user", "device") for event in system.outbox(service)[-4:]] * 2
            self._chance.shuffle(events)
            system.publish(*events)

    def register(self, who: int) -> None:
        form = self.forms.setdefault(who, self.people.form())
        answer = self.people.ask(form)
        if answer.status_code == 201:
            self.ids[who], self.told[who] = answer.json()["user"]["id"], True
        elif answer.status_code != 400:
            # 400: the name is taken, by this very person. Else only the end shows what became of it.
            self.told[who] = False if answer.status_code in (409, 422) else None

    def rename(self, who: int, name: str) -> None:
        self._change(who, {"first_name": name})

    def activate(self, who: int, is_active: bool) -> None:
        self._change(who, {"is_active": is_active})

    def _change(self, who: int, changes: dict[str, Any]) -> None:
        if who in self.ids:
            self.system.admin.http.patch(f"/api/auth/users/{self.ids[who]}", json=changes)

    def delete(self, who: int) -> None:
        if who in self.ids:
            answer = self.system.admin.http.delete(f"/api/auth/users/{self.ids[who]}")
            if answer.status_code != 409:
                self.told[who] = False if answer.status_code in (204, 404) else None

    def assign(self, who: int, which: int) -> None:
        if who in self.ids:
            body = {"device_id": self.devices[which], "user_id": self.ids[who]}
            self.system.admin.http.post("/api/mappings/assign", json=body)

    def unassign(self, who: int, which: int) -> None:
        if who in self.ids:
            path = f"/api/mappings/unassign/{self.devices[which]}"
            self.system.admin.http.delete(path, params={"user_id": self.ids[who]})

    def ends(self) -> None:
        """What was late arrives at last."""
        for proxy, rule in self.late:
            proxy.deliver(rule)

    def was_true(self) -> bool:
        there = {username for (username,) in self.system.sql("auth", "SELECT username FROM accounts_account")}
        return all(told is None or (self.forms[who]["username"] in there) == told for who, told in self.told.items())


@pytest.mark.fault(
    "any sequence of changes with any of the above between", "owners and copies agree; every answer was true"
)
def test_any_sequence_with_any_faults(
    system: System, people: People, agreed: Callable[..., None], request: pytest.FixtureRequest
) -> None:
    @settings(
        max_examples=40 if request.config.getoption("--full") else 3,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.tuples(CHANGE, FAULT), min_size=4, max_size=10))
    def any_story(sequence: list[tuple[tuple[Any, ...], str]]) -> None:
        story = Story(system, people)
        story.register(0)
        for change, fault in sequence:
            story.happens(change, fault)
        system.heal()
        agreed()
        story.ends()
        agreed()
        assert story.was_true(), story.told

    any_story()
