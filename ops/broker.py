"""The private RabbitMQ of an instance: run by the user rabbitmq, its topology imported from broker/definitions.json at boot."""

import base64
import json
import os
import urllib.request
from pathlib import Path

from ops.console import Refusal, log_tail, run
from ops.instances import DISTRIBUTION, EPMD, ROOT, Instance, user
from ops.keeper import Program

SERVERS = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))


def server() -> Path:
    # Called directly: the wrapper in /usr/sbin would bring the system's own configuration and directories.
    if not SERVERS:
        raise Refusal(
            "RabbitMQ is not installed. Install it with: apt-get install rabbitmq-server (make up does it as root)"
        )
    return SERVERS[-1]


def _home(instance: Instance) -> Path:
    return instance.directory / "rabbitmq"


def configure(instance: Instance, *, authority: str) -> None:
    """Writes configuration, plug-in list and definitions, readable by the broker alone (they hold its passwords).

    `authority` is the address at which it asks who a meter is.
    """
    owner, home, settings = user("rabbitmq"), _home(instance), instance.settings
    home.mkdir(parents=True, exist_ok=True)
    fill = ["sh", str(ROOT / "broker" / "fill.sh")]
    environment = (
        os.environ
        | settings
        | {
            "DEFINITIONS_FILE": str(home / "definitions.json"),
            "BROKER_AUTH_URL": authority,
        }
    )
    definitions = run([*fill, str(ROOT / "broker" / "definitions.json")], env=environment)
    configuration = run([*fill, str(ROOT / "broker" / "rabbitmq.conf")], env=environment)
    configuration += f"""
listeners.tcp.1 = {settings["BIND_ADDRESS"]}:{settings["AMQP_PORT"]}
mqtt.listeners.tcp.1 = {settings["BIND_ADDRESS"]}:{settings["MQTT_PORT"]}
management.tcp.ip = 127.0.0.1
management.tcp.port = {settings["BROKER_CONSOLE_PORT"]}
"""
    for name, text in {
        "definitions.json": definitions,
        "rabbitmq.conf": configuration,
        "enabled_plugins": (ROOT / "broker" / "enabled_plugins").read_text(),
    }.items():
        (home / name).write_text(text)
        (home / name).chmod(0o600)
    for path in (home, *home.glob("*.*"), home / "enabled_plugins"):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    home.chmod(0o700)


def node_environment(instance: Instance) -> dict[str, str]:
    home = _home(instance)
    return {
        "HOME": str(home),  # for its cookie
        "RABBITMQ_NODENAME": f"ems_{instance.name}@localhost",
        "RABBITMQ_NODE_PORT": instance.settings["AMQP_PORT"],
        "RABBITMQ_DIST_PORT": str(instance.private_port(DISTRIBUTION)),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "ERL_EPMD_PORT": str(instance.private_port(EPMD)),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        # No shell around the server: a kill -9 must reach the server itself, not leave it without its keeper.
        "RUNNING_UNDER_SYSTEMD": "true",
        # Waiting schedulers sleep instead of spinning, so that an idle broker takes no processor time.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
        "LANG": "C.UTF-8",
    }


def program(instance: Instance) -> Program:
    return Program(
        name="rabbitmq",
        command=str(server()),
        user="rabbitmq",
        environment=node_environment(instance),
        stop_signal="TERM",
        directory="/",
    )


def console(instance: Instance, path: str) -> object:
    """GET from the broker's HTTP console as its administrator."""
    settings = instance.settings
    secret = base64.b64encode(f"admin:{settings['ADMIN_BROKER_PASSWORD']}".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{settings['BROKER_CONSOLE_PORT']}/api/{path}", headers={"Authorization": f"Basic {secret}"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


def answers(instance: Instance) -> bool:
    """Whether the broker is up with its topology, that is, the last of the queues is there.

    A broker that has not loaded its definitions yet knows no administrator: its 401 says the same as its 404, not yet.
    """
    try:
        console(instance, "queues/ems/forecast.hours")
    except OSError:
        return False
    return True


def not_answering(instance: Instance) -> Refusal:
    port = instance.settings["BROKER_CONSOLE_PORT"]
    return Refusal(
        f"RabbitMQ does not answer its administrator on port {port}. {log_tail(instance.log / 'rabbitmq.log')}"
    )
