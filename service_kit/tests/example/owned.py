from service_kit.owned import OwnedRows
from service_kit.tests.example.events import ThingDeleted, ThingNamed
from service_kit.tests.example.models import Original


def state(row: Original) -> ThingNamed:
    return ThingNamed(id=row.id, name=row.name)


def things(*queues: str) -> OwnedRows:
    """The test names the queues, which are its own."""
    return OwnedRows(ThingNamed, lambda: Original.objects.filter(is_told=True), state, ThingDeleted, queues)


OWNED = (things(),)
