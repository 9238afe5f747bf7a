"""The accounts as this service knows them."""

from django.db import models

from service_kit.replicas import UserReplica


class User(UserReplica):
    """auth_service's account; its e-mail address is shown in the list of profiles and searched there."""

    email = models.EmailField(max_length=254, default="")
