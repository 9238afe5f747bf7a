from collections.abc import Callable


def jobs() -> dict[str, Callable[[], object]]:
    from service_kit.relay import RelayEvents

    return {"relay_events": RelayEvents()}
