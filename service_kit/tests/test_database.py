"""A kept connection whose server has gone is not used again."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_a_connection_is_usable_until_the_server_ends_it() -> None:
    kept = connection.copy("kept")
    kept.connect()
    try:
        assert kept.is_usable()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [kept.connection.info.backend_pid])
        assert not kept.is_usable()
        kept.connection.close()
        assert not kept.is_usable()
    finally:
        kept.close()
