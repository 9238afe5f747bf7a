from django.db import models

from service_kit.replicas import Replica, UserReplica


class User(UserReplica): ...


class Thing(Replica):
    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=50, default="")
