import uuid

from django.db import models

from service_kit.replicas import Replica, UserReplica


class User(UserReplica): ...


class Original(models.Model):
    """What this service owns; as a service of its own it also keeps a copy of it, `Thing`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=50)
    version = models.BigIntegerField(default=1)
    is_told = models.BooleanField(default=True)


class Thing(Replica):
    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=50, default="")
