from django.db.models import Count, DurationField, ExpressionWrapper, F, Max
from django.db.models.functions import Now

from auth_service.sagas.models import Saga

_LATE = ExpressionWrapper(Now() - F("deadline"), output_field=DurationField())


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
