"""The environment in which the tests and commands of one service run against an instance's infrastructure."""

import os

from ops.console import Refusal
from ops.instances import ROOT, VENV, Instance, tool
from ops.processes import Stack

# Make's name for it -> package.
PACKAGES = {
    "kit": "service_kit",
    "auth": "auth_service",
    "user": "user_service",
    "device": "device_service",
    "monitoring": "monitoring_service",
    "forecast": "forecast_service",
    "simulator": "device_simulator",
}
DJANGO = ("auth", "user", "device", "monitoring", "forecast")


def settings_module(service: str) -> str | None:
    """The settings that the service's tests run with; None for the simulator, which knows no Django."""
    if service in DJANGO:
        return f"{service}_service.config.settings"
    return "service_kit.tests.settings" if service == "kit" else None


def variables(instance: Instance, service: str) -> dict[str, str]:
    """The service's environment, as docker-compose.yml gives it, with this instance's addresses."""
    if service not in PACKAGES:
        raise Refusal(f"SERVICE={service} is not one of {', '.join(PACKAGES)}.")
    settings = instance.settings
    # service_kit has no database of its own: it borrows the owner of auth and a database beside auth's.
    owner = service if service in DJANGO else "auth"
    database = owner if service in DJANGO else f"auth_{service}"
    postgres, amqp = f"127.0.0.1:{settings['POSTGRES_PORT']}", f"127.0.0.1:{settings['AMQP_PORT']}"

    def broker(user: str, vhost: str) -> str:
        return f"amqp://{user}:{settings[f'{user.upper()}_BROKER_PASSWORD']}@{amqp}/{vhost}"

    meter_user = "monitoring" if service == "monitoring" else "admin"
    return {
        "SERVICE": owner if service == "simulator" else service,
        "ENVIRONMENT": "test",
        "SECRET_KEY": settings["SECRET_KEY"],
        "DATABASE_URL": f"postgres://{owner}:{settings[f'{owner.upper()}_DB_PASSWORD']}@{postgres}/{database}",
        # service_kit's tests make queues of their own, which no service may.
        "BROKER_URL": broker("admin" if service == "kit" else owner, "ems"),
        "BROKER_ADMIN_URL": broker("admin", "ems"),
        "BROKER_MANAGEMENT_URL": f"http://admin:{settings['ADMIN_BROKER_PASSWORD']}@127.0.0.1:{settings['BROKER_CONSOLE_PORT']}",
        "METER_BROKER_URL": broker(meter_user, "%2F"),
        "METER_AMQP_URL": settings["METER_AMQP_URL"],
        "MQTT_ADDRESS": f"127.0.0.1:{settings['MQTT_PORT']}",
        # Where this instance's broker asks who a meter is: the tests answer there.
        "BROKER_AUTH_URL": Stack(instance).environment("rabbitmq")["BROKER_AUTH_URL"],
        "TASKS_BROKER_URL": broker("forecast", "tasks"),
        "AUTH_URL": "http://127.0.0.1:1",
        "USER_URL": "http://127.0.0.1:1",
        "DEVICE_URL": "http://127.0.0.1:1",
        "MONITORING_URL": "http://127.0.0.1:1",
        "FORECAST_URL": "http://127.0.0.1:1",
        "KEY_DIR": str(instance.directory / "keys"),
        "HEARTBEAT_FILE": str(instance.directory / f"{service}.heartbeat"),
        **{name: settings[name] for name in ("LOG_LEVEL", "DEFAULT_TIMEZONE", "CORS_ORIGINS", "GRACE_MINUTES")},
        # The kit's tests try what each broker user may do.
        **{name: value for name, value in settings.items() if service == "kit" and name.endswith("_BROKER_PASSWORD")},
        "DEMO": "false",
        "PATH": f"{VENV}/bin:{os.environ.get('PATH', '')}",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "",
    }


def test_command(instance: Instance, service: str) -> tuple[list[str], dict[str, str]]:
    """pytest for the package, and its environment."""
    environment = os.environ | variables(instance, service)
    settings = settings_module(service)
    choice = [f"--ds={settings}"] if settings else ["-p", "no:django"]
    return [tool("python"), "-m", "pytest", *choice, str(ROOT / PACKAGES[service])], environment
