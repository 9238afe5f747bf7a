import uuid
from typing import Any

from auth_service.accounts.models import Account
from auth_service.tokens import keys
from service_kit.auth import TokenAuthentication


class AccountAuthentication(TokenAuthentication):
    """auth_service itself has the keys and the accounts: an account that is not there is gone, not late."""

    def key(self, kid: str) -> Any | None:
        return keys.public_key(kid)

    def copy_of(self, user_id: uuid.UUID) -> tuple[str, bool]:
        for role, is_active, state in Account.objects.filter(pk=user_id).values_list("role", "is_active", "state"):
            return role, is_active and state == Account.State.ACTIVE
        return "", False
