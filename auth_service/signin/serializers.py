from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

COOKIE_HELP = "Put the refresh token into an HttpOnly, SameSite=Strict cookie instead of the body."


@extend_schema_serializer(
    examples=[
        OpenApiExample("Demo", request_only=True, value={"username": "alice", "password": "alice123"}),
        OpenApiExample(
            "In a browser",
            request_only=True,
            value={"username": "alice@example.org", "password": "alice123", "cookie": True},
        ),
    ]
)
class LoginSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=254, help_text="Username or e-mail address.")
    password = serializers.CharField(max_length=128, trim_whitespace=False, style={"input_type": "password"})
    cookie = serializers.BooleanField(default=False, help_text=COOKIE_HELP)


@extend_schema_serializer(
    examples=[
        OpenApiExample("ID token", request_only=True, value={"token": "eyJhbGciOiJSUzI1NiIs....", "cookie": True}),
    ]
)
class GoogleSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=8192, help_text="A Google ID token (a JWT) made for GOOGLE_CLIENT_ID.")
    cookie = serializers.BooleanField(default=False, help_text=COOKIE_HELP)


@extend_schema_serializer(
    examples=[OpenApiExample("Mail only", response_only=True, value={"google_client_id": None, "mail": True})]
)
class OptionsSerializer(serializers.Serializer[Any]):
    google_client_id = serializers.CharField(allow_null=True, help_text="Null when Google sign-in is not set up.")
    mail = serializers.BooleanField(help_text="Whether a mail server is set up: without one no link can be sent.")
