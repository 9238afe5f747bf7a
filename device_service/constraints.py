"""Races that only the database can settle."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from rest_framework.exceptions import APIException


@contextmanager
def checked_now(problem: APIException) -> Iterator[None]:
    """Check foreign keys at the end of this block and raise `problem` when one fails.

    By default they are checked at commit, which is too late for an answer: a plant that is deleted while a device is
    put into it would be a 500.
    """
    try:
        with transaction.atomic():
            yield
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except ProtectedError:
        raise  # Django saw it before the database, and knows what is in the way
    except IntegrityError:
        raise problem from None
