"""The private PostgreSQL of an instance: run by the user postgres, on loopback, with its data in the instance's directory."""

import os
import subprocess
from pathlib import Path

from ops.console import Refusal, log_tail, run
from ops.instances import ROOT, Instance, user
from ops.keeper import Program

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parent.parent.name))

OPTIONS = {
    "listen_addresses": "127.0.0.1",
    # The superuser has a password and comes by TCP, so no socket is needed.
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A pause at every idle moment would cost a core nothing can use.
    "wal_writer_delay": "1s",
    "bgwriter_delay": "1s",
    "password_encryption": "scram-sha-256",
}
# Survives every crash of the process, not one of the machine: right for data that a test throws away.
TEST_OPTIONS = {"fsync": "off", "full_page_writes": "off"}


def binaries() -> Path:
    if not BINARIES:
        raise Refusal(
            "PostgreSQL is not installed. Install it with: apt-get install postgresql (make up does it as root)"
        )
    return BINARIES[-1].parent


def data_directory(instance: Instance) -> Path:
    return instance.directory / "postgres"


def initialise(instance: Instance) -> None:
    """Makes the cluster when there is none yet. The data belongs to postgres, since the server refuses to run as root."""
    data = data_directory(instance)
    if (data / "PG_VERSION").exists():
        return
    owner = user("postgres")
    data.mkdir(parents=True, exist_ok=True)
    os.chown(data, owner.pw_uid, owner.pw_gid)
    secret = instance.directory / "postgres-password"
    secret.write_text(instance.settings["POSTGRES_PASSWORD"] + "\n")
    os.chown(secret, owner.pw_uid, owner.pw_gid)
    secret.chmod(0o600)
    try:
        run(
            [
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--init-groups",
                str(binaries() / "initdb"),
                "--pgdata",
                str(data),
            ]
            + [
                "--username=postgres",
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ]
            + (["--no-sync"] if instance.is_test else []),
            cwd=Path("/"),
            failure="PostgreSQL's data directory could not be made.",
        )
    finally:
        secret.unlink()


def program(instance: Instance) -> Program:
    options = OPTIONS | (TEST_OPTIONS if instance.is_test else {}) | {"port": instance.settings["POSTGRES_PORT"]}
    arguments = " ".join(f"-c {name}='{value}'" for name, value in options.items())
    return Program(
        name="postgres",
        command=f"{binaries()}/postgres -D {data_directory(instance)} {arguments}",
        user="postgres",
        environment={},
        stop_signal="INT",  # fast shutdown: open transactions are rolled back
        directory="/",
    )


def client_environment(instance: Instance) -> dict[str, str]:
    return os.environ | {
        "PGHOST": "127.0.0.1",
        "PGPORT": instance.settings["POSTGRES_PORT"],
        "PGUSER": "postgres",
        "PGPASSWORD": instance.settings["POSTGRES_PASSWORD"],
        "PGCONNECT_TIMEOUT": "3",
    }


def answers(instance: Instance) -> bool:
    """Whether this instance's own server accepts connections. Raises Refusal when another server has its port."""
    asked = subprocess.run(
        [binaries() / "psql", "-XAtq", "-d", "postgres", "-c", "SHOW data_directory"],
        env=client_environment(instance),
        text=True,
        capture_output=True,
    )
    if asked.returncode == 0:
        if Path(asked.stdout.strip()) != data_directory(instance):
            raise Refusal(
                f"Port {instance.settings['POSTGRES_PORT']} (POSTGRES_PORT) belongs to another PostgreSQL, with its data in "
                f"{asked.stdout.strip()}. Set POSTGRES_PORT in .env to a free port."
            )
        return True
    if "password authentication failed" in asked.stderr:
        raise Refusal(
            "PostgreSQL refuses the superuser: POSTGRES_PASSWORD is not the one that its data was made with. "
            "Put the old value back into .env, or drop the data with: make reset"
        )
    return False


def create(instance: Instance) -> None:
    """One database and one owner per service (init-databases.sh, the same that Docker's image runs)."""
    environment = client_environment(instance) | instance.settings | {"POSTGRES_USER": "postgres"}
    # Test runners make and drop databases of their own.
    environment["OWNER_OPTIONS"] = "CREATEDB" if instance.is_test else "NOCREATEDB"
    run(["bash", ROOT / "init-databases.sh"], env=environment, failure="The databases could not be made.")


def not_answering(instance: Instance) -> Refusal:
    return Refusal(f"PostgreSQL does not answer. {log_tail(instance.log / 'postgres.log')}")
