"""The dashboard in a real browser: the admin sets somebody up, readings appear as they come, strangers see nothing."""

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.journeys.conftest import PASSWORD, MakeDevice, Person
from tests.journeys.meters import last_full_hour, send

OpenAs = Callable[[str, str], Any]


@pytest.fixture
def open_as(gateway_url: str, browser: Any) -> Iterator[OpenAs]:
    """`open_as(username, password)`: a page of a browser of its own, signed in."""
    contexts = []

    def make(username: str, password: str) -> Any:
        context = browser.new_context(base_url=gateway_url, viewport={"width": 1280, "height": 960}, timezone_id="UTC")
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.goto("/")
        page.get_by_label("Username or e-mail").fill(username)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Home", exact=True).wait_for()
        return page

    yield make
    for context in contexts:
        context.close()


def test_the_admin_makes_a_user_and_a_device_and_assigns_it(admin: Person, open_as: OpenAs) -> None:
    mark = uuid.uuid4().hex[:8]
    page = open_as(admin.username, admin.password)

    page.get_by_role("link", name="Users", exact=True).click()
    page.get_by_role("link", name="New user").click()
    page.get_by_label("First name").fill("Dora")
    page.get_by_label("Last name").fill(mark)
    page.get_by_label("Username").fill(f"dora-{mark}")
    page.get_by_label("E-mail").fill(f"dora-{mark}@example.org")
    page.get_by_label("First password").fill(PASSWORD)
    page.get_by_role("button", name="Create user").click()
    page.get_by_role("cell", name=f"dora-{mark}", exact=True).or_(page.get_by_text(f"dora-{mark}")).first.wait_for()

    page.get_by_role("link", name="Devices", exact=True).first.click()
    page.get_by_role("link", name="New device").click()
    page.get_by_label("Name", exact=True).fill(f"Sauna {mark}")
    page.get_by_label("Alert limit").fill("6")
    page.locator("form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/devices/[0-9a-f-]{36}$"))

    page.get_by_role("link", name="Assignment").click()
    page.get_by_label("Search people").fill(f"dora-{mark}")
    page.get_by_role("button", name=re.compile(f"dora-{mark}")).click()
    page.get_by_label("Search devices").fill(f"Sauna {mark}")
    page.get_by_role("checkbox", name=re.compile(f"Sauna {mark}")).click()
    page.get_by_text(f"can now see Sauna {mark}").wait_for()

    doras = open_as(f"dora-{mark}", PASSWORD)
    doras.get_by_role("link", name="Devices", exact=True).first.click()
    doras.get_by_role("link", name=f"Sauna {mark}").wait_for()
    assert doras.get_by_role("link", name="Users", exact=True).count() == 0


def test_a_reading_appears_on_the_open_page(
    alice: Person, make_device: MakeDevice, meter_amqp_url: str, open_as: OpenAs
) -> None:
    device = make_device("Live page", owner=alice)
    start = last_full_hour()
    send(meter_amqp_url, device["id"], [(start - timedelta(minutes=10 * number), 0.25) for number in range(1, 7)])
    page = open_as(alice.username, alice.password)
    day = f"{start:%Y-%m-%d}"  # not the present one, which may be the next by now
    page.goto(f"/devices/{device['id']}?date={day}")
    page.get_by_text("Live", exact=True).wait_for()
    page.locator("table tbody tr").first.wait_for()

    send(meter_amqp_url, device["id"], [(start + timedelta(minutes=10), 7.125)])

    # No reload: the running hour's number comes with the live event.
    page.get_by_role("cell", name=re.compile(r"^7\.1[23]")).first.wait_for()
    assert page.url.endswith(f"?date={day}")


def test_a_stranger_who_has_the_address_sees_that_there_is_nothing(
    alice: Person, bob: Person, make_device: MakeDevice, open_as: OpenAs
) -> None:
    device = make_device("Private", owner=alice)
    page = open_as(bob.username, bob.password)

    page.goto(f"/devices/{device['id']}")

    page.get_by_text("It does not exist, or it is not shared with you.").wait_for()
    assert page.get_by_text("Private").count() == 0


def test_a_reloaded_page_stays_signed_in_and_a_signed_out_one_does_not(alice: Person, open_as: OpenAs) -> None:
    page = open_as(alice.username, alice.password)

    page.reload()
    page.get_by_role("heading", name="Home", exact=True).wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for()
    page.goto("/devices")

    page.get_by_role("button", name="Sign in").wait_for()
    assert "/sign-in" in page.url


def test_a_wrong_password_says_so(gateway_url: str, alice: Person, browser: Any) -> None:
    page = browser.new_page(base_url=gateway_url)
    page.goto("/")
    page.get_by_label("Username or e-mail").fill(alice.username)
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()

    page.get_by_text("Username or password is not right.").wait_for(timeout=30_000)
    page.close()
