"""Django's PostgreSQL backend, which looks for a kept connection's end without asking the server each time."""

import select

from django.db.backends.postgresql.base import DatabaseWrapper as Postgresql


class DatabaseWrapper(Postgresql):
    def is_usable(self) -> bool:
        """Between two requests a server has nothing to say but that it is going: then there is something to read."""
        heard = select.poll()
        try:
            heard.register(self.connection.fileno(), select.POLLIN)
        except (self.Database.Error, ValueError):  # closed on our side
            return False
        return not heard.poll(0)
