"""The users as this service knows them."""

from service_kit.replicas import UserReplica


class User(UserReplica):
    """auth_service's account. The registration saga writes it first (version 0), so that it is here when the answer goes out."""
