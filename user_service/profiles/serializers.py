"""Shapes of profiles."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from service_kit.fields import NAME_LENGTH, Phone, TimeZone
from user_service.profiles.models import Profile

ACCOUNT = "Of the account (change it at /api/auth/users/{id}); null until the account's event has arrived."


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Profile",
            value={"first_name": "Alice", "last_name": "Rossi", "phone": "+39 011 5550100", "timezone": "Europe/Rome"},
            request_only=True,
        )
    ]
)
class ProfileSerializer(serializers.ModelSerializer[Profile]):
    id = serializers.UUIDField(source="user_id", read_only=True)
    username = serializers.CharField(read_only=True, allow_null=True, help_text=ACCOUNT)
    email = serializers.EmailField(read_only=True, allow_null=True, help_text=ACCOUNT)
    role = serializers.ChoiceField(["admin", "client"], read_only=True, allow_null=True, help_text=ACCOUNT)
    is_active = serializers.BooleanField(read_only=True, allow_null=True, help_text=ACCOUNT)
    first_name = serializers.CharField(max_length=NAME_LENGTH, allow_blank=True)
    last_name = serializers.CharField(max_length=NAME_LENGTH, allow_blank=True)
    phone = Phone(required=False)
    timezone = TimeZone(required=False, help_text="IANA name.")

    class Meta:
        model = Profile
        fields = (
            "id", "username", "email", "role", "is_active", "first_name", "last_name", "phone", "timezone",
            "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = ("created_at", "updated_at")


class NewProfileSerializer(serializers.Serializer[dict[str, Any]]):
    """What auth_service sends when somebody registers."""

    saga_id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    first_name = serializers.CharField(max_length=NAME_LENGTH, allow_blank=True, default="")
    last_name = serializers.CharField(max_length=NAME_LENGTH, allow_blank=True, default="")
    phone = Phone(default="")


class ChangedNamesSerializer(serializers.Serializer[dict[str, Any]]):
    """What auth_service sends when an admin changes a user."""

    saga_id = serializers.UUIDField()
    first_name = serializers.CharField(max_length=NAME_LENGTH, allow_blank=True)
    last_name = serializers.CharField(max_length=NAME_LENGTH, allow_blank=True)
    phone = Phone()


class SagaSerializer(serializers.Serializer[dict[str, Any]]):
    saga_id = serializers.UUIDField()
