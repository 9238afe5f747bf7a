"""docker-compose.yml is the list of processes; the native stack runs exactly those, in the same way."""

import re

import pytest

from ops.instances import ROOT, Instance
from ops.keeper import SERVERS
from ops.processes import Stack

SETTINGS = {
    "GATEWAY_PORT": "1080",
    "POSTGRES_PORT": "1432",
    "AMQP_PORT": "1672",
    "BROKER_CONSOLE_PORT": "1673",
    "GATEWAY_DASHBOARD_PORT": "1079",
    "NATIVE_PORTS": "1100",
}


@pytest.fixture
def stack() -> Stack:
    instance = Instance("main")
    instance.__dict__["settings"] = instance.settings | SETTINGS
    return Stack(instance)


def test_every_process_of_the_compose_file_runs_natively_and_no_other(stack: Stack) -> None:
    native = [program.name for program in stack.programs] + stack.tasks
    assert sorted(native) == sorted(stack.services)


def test_commands_are_those_of_the_compose_file(stack: Stack) -> None:
    for program in stack.programs:
        if program.name not in (*SERVERS, "frontend"):
            written = stack.services[program.name]["command"].split()
            assert program.command.rsplit("/bin/", 1)[1].split() == written, program.name


def test_each_process_gets_every_variable_of_its_container(stack: Stack) -> None:
    for program in stack.programs:
        if program.name not in SERVERS:
            assert set(stack.services[program.name].get("environment", {})) <= set(program.environment), program.name


def test_no_address_or_path_of_a_container_is_left(stack: Stack) -> None:
    names = "|".join(stack.services)
    for program in stack.programs:
        if program.name not in SERVERS:
            for variable, value in program.environment.items():
                assert not re.search(rf"(^|[/@])({names}):\d", value), f"{program.name}: {variable}={value}"
                if value.startswith("/"):
                    assert value.startswith((str(ROOT), str(stack.instance.directory))), f"{program.name}: {variable}"


def test_addresses_lead_to_the_process_that_they_name(stack: Stack) -> None:
    environment = stack.environment("auth-jobs")
    assert environment["DATABASE_URL"].endswith("@127.0.0.1:1432/auth")
    assert environment["BROKER_URL"].endswith("@127.0.0.1:1672/ems")
    assert environment["USER_URL"] == f"http://127.0.0.1:{stack.environment('user-web')['PORT']}"


def test_no_two_processes_listen_on_one_port(stack: Stack) -> None:
    ports = [port for _, port in stack.ports()]
    assert len(ports) == len(set(ports))


def test_only_the_gateway_and_the_broker_are_offered_to_other_machines(stack: Stack) -> None:
    for name in stack.services:
        environment = stack.environment(name)
        if "PORT" in environment:
            assert environment["HOST"] == "127.0.0.1", name
    assert stack.environment("gateway")["TRAEFIK_ENTRYPOINTS_TRAEFIK_ADDRESS"].startswith("127.0.0.1:")
    published = {name: service.get("ports", []) for name, service in stack.services.items() if service.get("ports")}
    assert set(published) == {"rabbitmq", "gateway"}
    for ports in published.values():
        assert ports[1].startswith("127.0.0.1:"), "the console and the gateway's dashboard are for this machine only"


def test_tasks_that_need_processes_come_after_them(stack: Stack) -> None:
    assert stack.late_tasks == ["demo-accounts"]
    assert set(stack.early_tasks) == {name for name in stack.services if name.endswith("-migrate")}


def test_every_process_has_a_health_check_for_both_engines(stack: Stack) -> None:
    for name, service in stack.services.items():
        if name not in stack.tasks and name != "simulator":
            assert service["healthcheck"]["test"], name
        if name.endswith(("-web", "-jobs", "-live", "-ingest", "-worker")):
            assert stack.health(name), name
