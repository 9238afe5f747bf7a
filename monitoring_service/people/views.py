from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from monitoring_service.people.models import User
from monitoring_service.people.queries import visible_users


class MonitoredUserSerializer(serializers.ModelSerializer[User]):
    first_name = serializers.CharField(read_only=True, allow_null=True)
    last_name = serializers.CharField(read_only=True, allow_null=True)
    timezone = serializers.CharField(read_only=True, allow_null=True)
    role = serializers.ChoiceField(["admin", "client"], read_only=True)

    class Meta:
        model = User
        fields = ("id", "username", "role", "is_active", "first_name", "last_name", "timezone")
        read_only_fields = fields


@extend_schema_view(get=extend_schema(operation_id="listMonitoredUsers", tags=["users"]))
class MonitoredUsers(ListAPIView[User]):
    """This service's copies of the users that the caller may see."""

    serializer_class = MonitoredUserSerializer

    def get_queryset(self) -> QuerySet[User]:
        return visible_users(self.request.user)  # type: ignore[arg-type]
