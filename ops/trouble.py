"""What an operator should look at first: dead letters, events that are not sent, changes of users that are not finished."""

import base64
import json
import urllib.request
from collections.abc import Callable, Mapping

import psycopg2

from ops.services import DJANGO

TIMEOUT = 3
UNSENT = "SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::int FROM service_kit_outboxevent WHERE published_at IS NULL"
UNFINISHED = "SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::int FROM sagas_saga WHERE state IN ('running', 'compensating')"
# Given a service and a statement of two numbers, what its database answers.
Ask = Callable[[str, str], tuple[int, int]]


def ask_natively(settings: Mapping[str, str]) -> Ask:
    def ask(service: str, statement: str) -> tuple[int, int]:
        link = psycopg2.connect(
            host="127.0.0.1", port=settings["POSTGRES_PORT"], dbname=service, user=service,
            password=settings[f"{service.upper()}_DB_PASSWORD"], connect_timeout=TIMEOUT,
        )  # fmt: skip
        try:
            with link.cursor() as cursor:
                cursor.execute(statement)
                count, seconds = cursor.fetchone() or (0, 0)
                return count, seconds
        finally:
            link.close()

    return ask


def queues(settings: Mapping[str, str]) -> dict[str, int]:
    """Queue -> messages in it, as the broker's console knows them; it counts anew every ten seconds."""
    login = base64.b64encode(f"admin:{settings['ADMIN_BROKER_PASSWORD']}".encode()).decode()
    address = f"http://127.0.0.1:{settings['BROKER_CONSOLE_PORT']}/api/queues?columns=name,messages"
    request = urllib.request.Request(address, headers={"Authorization": f"Basic {login}"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        return {queue["name"]: queue.get("messages", 0) for queue in json.load(answer)}


def lines(counts: Mapping[str, int], ask: Ask) -> list[str]:
    """One line for each thing to look at, with the way out; one that says so when there is none."""
    found = []
    for name, count in sorted(counts.items()):
        if name.endswith(".dlq") and count:
            service = "monitoring" if name.startswith("device_data_queue") else name.partition(".")[0]
            found.append(f'{count} dead letter(s) in {name}: make manage SERVICE={service} ARGS="dlq show {name}"')
    for service in DJANGO:
        count, seconds = ask(service, UNSENT)
        if count:
            found.append(f"{count} event(s) of {service} not sent yet, the oldest for {seconds} s")
    count, seconds = ask("auth", UNFINISHED)
    if count:
        found.append(f"{count} change(s) of users not finished yet, the oldest for {seconds} s")
    return found or ["No dead letters, no unsent events, no unfinished changes of users"]


def show(settings: Mapping[str, str], ask: Ask) -> None:
    """Prints the lines; a server that does not answer is one of them."""
    try:
        print("\n".join(lines(queues(settings), ask)))
    except (OSError, ValueError, psycopg2.Error) as error:
        print(f"Dead letters and unsent events cannot be counted: {str(error).strip()}")
