from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from auth_service.audit.models import AuditEntry

GONE = "Null when there is no such account any more."


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "The admin gave Alice another role",
            value={
                "id": 42,
                "at": "2026-01-31T18:10:00Z",
                "action": "role_changed",
                "actor": "6f1a5c1e-6b52-5d0e-9a3c-3f1c1a4f0001",
                "actor_username": "admin",
                "user": "6f1a5c1e-6b52-5d0e-9a3c-3f1c1a4f0002",
                "username": "alice",
                "changed": ["role"],
                "address": "203.0.113.7",
                "user_agent": "Mozilla/5.0",
            },
        )
    ]
)
class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    actor = serializers.UUIDField(allow_null=True, help_text="Who did it; null when nobody was signed in.")
    actor_username = serializers.CharField(allow_null=True, help_text=GONE)
    user = serializers.UUIDField(allow_null=True, help_text="To whom; null when the account is not known.")
    username = serializers.CharField(allow_null=True, help_text=GONE)

    class Meta:
        model = AuditEntry
        fields = (
            "id", "at", "action", "actor", "actor_username", "user", "username", "changed", "address", "user_agent",
        )  # fmt: skip
        read_only_fields = fields
