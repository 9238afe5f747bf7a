"""PostgreSQL and RabbitMQ of an instance, ready to be used: databases, owners, queues and permissions are there."""

from concurrent.futures import ThreadPoolExecutor

from ops import broker, databases, keeper
from ops.console import step
from ops.instances import EPMD, Instance, refuse_taken
from ops.keeper import Program
from ops.processes import Stack


def prepare(instance: Instance) -> list[Program]:
    """Makes data directories and configuration; gives the two programs."""
    instance.directory.mkdir(parents=True, exist_ok=True)
    instance.directory.chmod(0o711)  # postgres and rabbitmq pass through; the files inside are closed to others
    instance.log.mkdir(exist_ok=True)
    databases.initialise(instance)
    broker.configure(instance, authority=Stack(instance).environment("rabbitmq")["BROKER_AUTH_URL"])
    return [databases.program(instance), broker.program(instance)]


def wait(instance: Instance) -> None:
    """Waits for both side by side and makes the databases as soon as PostgreSQL answers."""

    def postgres() -> None:
        keeper.wait_for(
            lambda: databases.answers(instance), seconds=60, otherwise=lambda: databases.not_answering(instance)
        )
        databases.create(instance)

    def rabbitmq() -> None:
        keeper.wait_for(lambda: broker.answers(instance), seconds=120, otherwise=lambda: broker.not_answering(instance))

    with ThreadPoolExecutor(2) as both:
        for waiting in [both.submit(postgres), both.submit(rabbitmq)]:
            waiting.result()


def ports(instance: Instance) -> list[tuple[str, int]]:
    named = [(name, instance.port(name)) for name in ("POSTGRES_PORT", "AMQP_PORT", "MQTT_PORT", "BROKER_CONSOLE_PORT")]
    return [*named, ("NATIVE_PORTS", instance.private_port(EPMD))]


def up(instance: Instance) -> None:
    """Starts PostgreSQL and RabbitMQ alone, for the tests of single services. Does nothing when they run."""
    if keeper.running(instance) and databases.answers(instance) and broker.answers(instance):
        databases.create(instance)
        return
    keeper.stop(instance)
    refuse_taken(instance, ports(instance))
    with step(f"Starting PostgreSQL and RabbitMQ of instance {instance.name}"):
        try:
            keeper.start(instance, prepare(instance))
            wait(instance)
        except BaseException:
            keeper.stop(instance)
            raise
