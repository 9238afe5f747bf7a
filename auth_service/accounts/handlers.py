from auth_service.accounts.services import copy_profile
from service_kit.events import Envelope, ProfileUpdated
from service_kit.replicas import Handlers


def on_profile_updated(event: ProfileUpdated, envelope: Envelope) -> None:
    copy_profile(
        user_id=event.id,
        version=envelope.version,
        first_name=event.first_name,
        last_name=event.last_name,
        phone=event.phone,
    )


HANDLERS: Handlers = {ProfileUpdated: on_profile_updated}
