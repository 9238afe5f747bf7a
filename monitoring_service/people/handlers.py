from monitoring_service.alerts.services import forget_reads_of
from monitoring_service.forecasts.models import IssuedForecast
from monitoring_service.live.announce import announce_access
from monitoring_service.people.models import Profile, User
from monitoring_service.reports.services import forget_reports_of
from service_kit.events import Envelope, ProfileUpdated, UserCreated, UserDeleted, UserState, UserUpdated
from service_kit.replicas import Handlers, tombstone, upsert, user_handlers

_keep_copy = user_handlers(User, "email")


def on_user_changed(event: UserState, envelope: Envelope) -> None:
    _keep_copy[type(event)](event, envelope)
    announce_access()


def on_user_deleted(event: UserDeleted, envelope: Envelope) -> None:
    _keep_copy[UserDeleted](event, envelope)
    # The profile's own versions end here too: no later one can come for a user who is gone.
    tombstone(Profile, key={"id": event.id}, version=2**62)
    # So do the forecasts of all that was the person's.
    tombstone(IssuedForecast, key={"scope": f"user_{event.id}_all"}, version=2**62)
    forget_reports_of(event.id)
    forget_reads_of(event.id)
    announce_access()


def on_profile_updated(event: ProfileUpdated, envelope: Envelope) -> None:
    values = {"first_name": event.first_name, "last_name": event.last_name, "timezone": event.timezone}
    upsert(Profile, key={"id": event.id}, version=envelope.version, values=values)


HANDLERS: Handlers = {
    UserCreated: on_user_changed,
    UserUpdated: on_user_changed,
    UserDeleted: on_user_deleted,
    ProfileUpdated: on_profile_updated,
}
