"""What a participant of a saga keeps, so that a request that is lost, repeated or late does no harm.

A caller that got no answer does not know whether the step was done. It asks again, or undoes it; either may overtake the
first request. The fence makes a step happen once, and never after its undo. Undo is by saga, not by user: a later saga of
the same user is not touched.
"""

import uuid
from collections.abc import Callable
from typing import Any

from django.db import transaction

from service_kit.errors import Conflict
from service_kit.faults import fault_point
from service_kit.models import SagaFence


class StepUndone(Conflict):
    """This step of the saga has been undone: a request that comes after the undo is refused."""

    default_detail = __doc__


def do_once(*, saga_id: uuid.UUID, step: str, work: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    """Run `work` in the fence's transaction unless the step was done before; its answer, and whether it is new.

    Raises StepUndone when the step's undo came first.
    """
    with transaction.atomic():
        fence, new = SagaFence.objects.get_or_create(
            saga_id=saga_id, step=step, defaults={"state": SagaFence.State.DONE}
        )
        fence = SagaFence.objects.select_for_update().get(pk=fence.pk)
        if fence.state == SagaFence.State.UNDONE:
            raise StepUndone
        if not new:
            return fence.answer or {}, False
        fence.answer = work()
        fence.save(update_fields=["answer"])
    fault_point(f"done_{step}")
    return fence.answer, True


def undo(*, saga_id: uuid.UUID, step: str, work: Callable[[], None]) -> bool:
    """Run `work` when the step was done, and close the fence either way; whether there was anything to undo."""
    with transaction.atomic():
        fence, new = SagaFence.objects.get_or_create(
            saga_id=saga_id, step=step, defaults={"state": SagaFence.State.UNDONE}
        )
        fence = SagaFence.objects.select_for_update().get(pk=fence.pk)
        if new or fence.state == SagaFence.State.UNDONE:
            return False
        work()
        fence.state = SagaFence.State.UNDONE
        fence.save(update_fields=["state"])
    fault_point(f"undone_{step}")
    return True
