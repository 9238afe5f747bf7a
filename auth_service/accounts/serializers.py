from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import RegexValidator
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from auth_service.accounts.models import Account
from service_kit.fields import NAME_LENGTH, Phone

_ALICE = {
    "id": "6f1a5c1e-6b52-5d0e-9a3c-3f1c1a4f0002", "username": "alice", "email": "alice@example.org",
    "email_verified": True, "role": "client", "first_name": "Alice", "last_name": "Rossi", "phone": "+39 06 1234567",
    "is_active": True, "created_at": "2026-01-31T18:10:00Z",
}  # fmt: skip
_REGISTRATION = {
    "username": "alice", "email": "alice@example.org", "password": "correct horse battery",
    "first_name": "Alice", "last_name": "Rossi", "phone": "+39 06 1234567",
}  # fmt: skip
_TOKEN = "eyJhbGciOiJSUzI1NiIs...."
USERNAME = RegexValidator(r"^[\w.+-]+\Z", "Use letters, digits and . + - _ only.")


@extend_schema_serializer(
    examples=[
        OpenApiExample("Alice", response_only=True, value=_ALICE),
    ]
)
class UserSerializer(serializers.ModelSerializer[Account]):
    """A user as everybody sees one."""

    class Meta:
        model = Account
        fields = (
            "id",
            "username",
            "email",
            "email_verified",
            "role",
            "first_name",
            "last_name",
            "phone",
            "is_active",
            "created_at",
        )
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample("Alice", request_only=True, value=_REGISTRATION),
    ]
)
class RegistrationSerializer(serializers.Serializer[Any]):
    """Who wants an account. Anything else in the body, a role among it, is ignored."""

    username = serializers.CharField(
        max_length=150,
        validators=[USERNAME],
        help_text="Letters, digits and . + - _; upper and lower case are the same name.",
    )
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(
        max_length=128,
        write_only=True,
        trim_whitespace=False,
        style={"input_type": "password"},
    )
    first_name = serializers.CharField(max_length=NAME_LENGTH)
    last_name = serializers.CharField(max_length=NAME_LENGTH)
    phone = Phone(default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        names = {name: attrs[name] for name in ("username", "email", "first_name", "last_name")}
        try:
            validate_password(attrs["password"], Account(**names))
        except DjangoValidationError as error:
            raise serializers.ValidationError({"password": error.messages}) from None
        return attrs


@extend_schema_serializer(
    examples=[
        OpenApiExample("An administrator", request_only=True, value=_REGISTRATION | {"role": "admin"}),
    ]
)
class NewUserSerializer(RegistrationSerializer):
    """An account that an administrator makes: the role may be chosen."""

    role = serializers.ChoiceField(Account.Role.choices, default=Account.Role.CLIENT)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Another address and phone",
            request_only=True,
            value={"username": "alice", "email": "alice@example.com", "phone": ""},
        ),
        OpenApiExample(
            "Deactivated",
            request_only=True,
            value={"username": "alice", "email": "alice@example.org", "is_active": False},
        ),
    ]
)
class UserChangeSerializer(serializers.ModelSerializer[Account]):
    """What an administrator may change of a user."""

    username = serializers.CharField(max_length=150, validators=[USERNAME])
    email = serializers.EmailField(max_length=254)
    first_name = serializers.CharField(max_length=NAME_LENGTH, allow_blank=True, required=False)
    last_name = serializers.CharField(max_length=NAME_LENGTH, allow_blank=True, required=False)
    phone = Phone(required=False)

    class Meta:
        model = Account
        fields = ("username", "email", "role", "is_active", "first_name", "last_name", "phone")
        extra_kwargs = {name: {"required": False} for name in ("role", "is_active")}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A registration that goes on",
            response_only=True,
            status_codes=["202"],
            value={"status_url": "/api/auth/register/0b7e6f0a-3d5c-4a3c-9d0e-5b1f2c3d4e5f"},
        ),
    ]
)
class ChangeRunsSerializer(serializers.Serializer[Any]):
    """The change takes longer than a request should: it goes on by itself."""

    status_url = serializers.CharField(help_text="Ask here until the answer is no longer 202.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A longer one",
            request_only=True,
            value={"old_password": "alice123", "new_password": "correct horse battery"},
        ),
    ]
)
class PasswordSerializer(serializers.Serializer[Any]):
    old_password = serializers.CharField(max_length=128, trim_whitespace=False, style={"input_type": "password"})
    new_password = serializers.CharField(max_length=128, trim_whitespace=False, style={"input_type": "password"})


@extend_schema_serializer(
    examples=[
        OpenApiExample("From the body", request_only=True, value={"refresh": _TOKEN}),
        OpenApiExample("From the browser's cookie", request_only=True, value={}),
    ]
)
class RefreshSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField(
        required=False,
        help_text="The refresh token; left out when the browser's cookie holds it.",
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample("Signed in", response_only=True, value={"access": _TOKEN, "refresh": _TOKEN, "user": _ALICE}),
    ]
)
class SessionSerializer(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="Sent as `Authorization: Bearer <access>`; 30 minutes by default.")
    refresh = serializers.CharField(
        required=False,
        help_text="Good for one refresh. Absent when it travels as cookie.",
    )
    user = UserSerializer()


class ValidSerializer(serializers.Serializer[Any]):
    user_id = serializers.UUIDField()
    username = serializers.CharField()
    role = serializers.ChoiceField(Account.Role.choices)
    expires_at = serializers.DateTimeField()
