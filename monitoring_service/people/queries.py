from django.db.models import OuterRef, QuerySet, Subquery

from monitoring_service.people.models import Profile, User
from service_kit.auth import Caller


def visible_users(caller: Caller) -> QuerySet[User]:
    """Everybody for an administrator, oneself for others; with first_name, last_name and timezone where known."""
    users: QuerySet[User] = User.live.all()
    if not caller.is_admin:
        users = users.filter(pk=caller.id)
    profile = Profile.live.filter(pk=OuterRef("pk"))
    return users.annotate(
        first_name=Subquery(profile.values("first_name")),
        last_name=Subquery(profile.values("last_name")),
        timezone=Subquery(profile.values("timezone")),
    ).order_by("username", "id")
