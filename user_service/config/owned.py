"""What this service owns and others copy."""

from service_kit.events import ProfileUpdated
from service_kit.owned import OwnedRows
from user_service.profiles.queries import told_profiles
from user_service.profiles.services import profile_state

# A copy ends with `user.deleted`: there is no event of its own.
OWNED = (OwnedRows(ProfileUpdated, told_profiles, profile_state, queues=("auth.sync", "monitoring.sync")),)
