from typing import Any

from rest_framework import serializers


class ResetSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)


class ResetConfirmSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=300, help_text="Of the link.")
    new_password = serializers.CharField(max_length=128, trim_whitespace=False, style={"input_type": "password"})


class VerifySerializer(serializers.Serializer[Any]):
    token = serializers.CharField(
        max_length=300, required=False, help_text="Of the link. Without it the signed-in caller is sent a new one."
    )


class DetailSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField()


class VerifiedSerializer(serializers.Serializer[Any]):
    email_verified = serializers.BooleanField()
    detail = serializers.CharField()
