from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, QuerySet
from django.db.models.functions import Now

from auth_service.sagas.models import Saga
from service_kit.purge import KEEP_ENDED

_LATE = ExpressionWrapper(Now() - F("deadline"), output_field=DurationField())


def ended_long_ago() -> QuerySet[Saga]:
    """Those whose status address nobody asks for any more."""
    return Saga.objects.exclude(state__in=Saga.OPEN).filter(ended_at__lt=Now() - KEEP_ENDED)


def overdue() -> str | None:
    """What an operator should know of the sagas that are past their deadline and still open; None when there are none."""
    found = Saga.objects.filter(state__in=Saga.OPEN, deadline__lt=Now()).aggregate(count=Count("pk"), late=Max(_LATE))
    if not found["count"]:
        return None
    return (
        f"{found['count']} change(s) of users could be neither finished nor undone yet, one of them "
        f"{found['late'].total_seconds():.0f} s past its deadline. They are tried again until they can; "
        "the log of auth-jobs says what stops them."
    )
