"""PostgreSQL's notices, on the event loop: one connection for the whole process."""

import asyncio
from typing import Any

import psycopg2
import structlog
from django.conf import settings
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

from monitoring_service.live.announce import CHANNEL
from monitoring_service.live.hub import Hub

log = structlog.get_logger(__name__)
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 5
# A connection that a firewall has dropped says nothing: ask it now and then.
PROBE_SECONDS = 30


class Listener:
    """Feeds the hub until cancelled; a lost connection is opened again, and what may have been missed is looked up."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._wait: float = FIRST_WAIT_SECONDS

    async def run(self) -> None:
        while True:
            try:
                await self._listen()
            except psycopg2.Error as error:
                log.warning("database away", error=str(error).strip(), retry_in=self._wait)
            await asyncio.sleep(self._wait)
            self._wait = min(self._wait * 2, LONGEST_WAIT_SECONDS)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        link: Any = await asyncio.to_thread(psycopg2.connect, settings.DATABASE_URL, connect_timeout=5)
        try:
            link.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
            with link.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            self._wait = FIRST_WAIT_SECONDS
            self._hub.on_gap()
            readable = asyncio.Event()
            loop.add_reader(link.fileno(), readable.set)
            try:
                while True:
                    try:
                        await asyncio.wait_for(readable.wait(), PROBE_SECONDS)
                    except TimeoutError:
                        with link.cursor() as cursor:
                            cursor.execute("SELECT 1")
                    readable.clear()
                    link.poll()
                    while link.notifies:
                        self._hub.on_notice(link.notifies.pop(0).payload)
            finally:
                loop.remove_reader(link.fileno())
        finally:
            link.close()
