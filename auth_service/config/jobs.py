from collections.abc import Callable


def jobs() -> dict[str, Callable[[], object]]:
    """auth_service's background jobs."""
    from auth_service.accounts.handlers import COPIES, HANDLERS
    from auth_service.mail.services import send_due
    from auth_service.sagas.engine import RUNNERS, run_due
    from auth_service.sagas.queries import ended_long_ago
    from auth_service.throttles import counters
    from auth_service.tokens.keys import remove_spent_keys
    from auth_service.tokens.services import purge_families
    from service_kit.consumer import EventConsumer
    from service_kit.jobs import DAY, HOUR, every
    from service_kit.purge import forget, purge
    from service_kit.reconcile import tell_what_copies_lack
    from service_kit.relay import RelayEvents

    return {
        "relay_events": RelayEvents(),
        "sync_events": EventConsumer("auth.sync", HANDLERS, COPIES),
        **{f"run_sagas_{number}": run_due for number in range(1, RUNNERS + 1)},
        "send_mail": send_due,
        "purge": every(
            HOUR,
            lambda: purge() + forget(ended_long_ago()) + purge_families() + counters.purge() + remove_spent_keys(),
        ),
        "tell_what_copies_lack": every(DAY, tell_what_copies_lack, first=HOUR),
    }
