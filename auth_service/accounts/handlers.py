from auth_service.accounts.models import Account
from auth_service.accounts.services import copy_profile
from service_kit.events import Envelope, ProfileUpdated
from service_kit.reconcile import Copies
from service_kit.replicas import Handlers
from service_kit.versions import Versions, versions_of


def on_profile_updated(event: ProfileUpdated, envelope: Envelope) -> None:
    copy_profile(
        user_id=event.id,
        version=envelope.version,
        first_name=event.first_name,
        last_name=event.last_name,
        phone=event.phone,
    )


def names() -> Versions:
    """The copies of profiles, which are columns of the accounts; those that no event has filled yet are none."""
    return versions_of(Account.objects.filter(profile_version__gt=0), version="profile_version")


COPIES: Copies = {ProfileUpdated: names}
HANDLERS: Handlers = {ProfileUpdated: on_profile_updated}
