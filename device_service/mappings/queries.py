"""Named reads of assignments."""

from django.db.models import OuterRef, QuerySet, Subquery

from device_service.mappings.models import Mapping
from device_service.people.models import User


def mappings() -> QuerySet[Mapping]:
    """All assignments with the device and, as `username`, the user's name (None until its event has arrived)."""
    username = User.live.filter(pk=OuterRef("user_id")).values("username")
    return Mapping.objects.select_related("device").annotate(username=Subquery(username))
