from django.db import models

from service_kit.replicas import Replica, UserReplica


class User(UserReplica):
    """auth_service's user, as far as this service must know it: reports are sent to the address."""

    email = models.EmailField(max_length=254, default="")


class Profile(Replica):
    """user_service's part of the same person; it has a version of its own."""

    id = models.UUIDField(primary_key=True)
    first_name = models.CharField(max_length=150, default="")
    last_name = models.CharField(max_length=150, default="")
    timezone = models.CharField(max_length=64, default="")
