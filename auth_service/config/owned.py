"""What this service owns and others copy."""

from auth_service.accounts.models import Account
from auth_service.accounts.queries import told_accounts
from auth_service.accounts.services import event_fields
from service_kit.events import UserDeleted, UserUpdated
from service_kit.owned import OwnedRows


def user_state(account: Account) -> UserUpdated:
    return UserUpdated(**event_fields(account))


OWNED = (
    OwnedRows(
        UserUpdated, told_accounts, user_state, UserDeleted,
        ("user.sync", "device.sync", "monitoring.sync", "forecast.sync"),
    ),
)  # fmt: skip
