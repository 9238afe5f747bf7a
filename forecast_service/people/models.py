from service_kit.replicas import UserReplica


class User(UserReplica):
    """auth_service's user, as far as this service must know it."""
