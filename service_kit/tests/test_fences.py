"""A step of a saga happens once, and never after its undo, however requests are lost, repeated or late."""

import threading
import uuid

import pytest
from django.db import connection

from service_kit.fences import StepUndone, do_once, undo
from service_kit.models import SagaFence

pytestmark = pytest.mark.django_db(transaction=True)


class Work:
    def __init__(self) -> None:
        self.done = self.undone = 0
        self.saga = uuid.uuid4()

    def do(self) -> bool:
        def work() -> dict[str, int]:
            self.done += 1
            return {"made": self.done}

        answer, new = do_once(saga_id=self.saga, step="profile", work=work)
        assert answer == {"made": 1}
        return new

    def undo(self) -> bool:
        def work() -> None:
            self.undone += 1

        return undo(saga_id=self.saga, step="profile", work=work)


def test_a_repeated_request_gets_the_first_answer() -> None:
    work = Work()
    assert work.do()
    assert not work.do()
    assert work.done == 1


def test_an_undo_twice_undoes_once() -> None:
    work = Work()
    work.do()
    assert work.undo()
    assert not work.undo()
    assert work.undone == 1


def test_a_request_that_comes_after_its_undo_is_refused() -> None:
    work = Work()
    assert not work.undo()
    with pytest.raises(StepUndone):
        work.do()
    assert (work.done, work.undone) == (0, 0)


def test_work_that_fails_leaves_no_fence_behind() -> None:
    work = Work()
    with pytest.raises(ZeroDivisionError):
        do_once(saga_id=work.saga, step="profile", work=lambda: {"made": 1 // 0})
    assert not SagaFence.objects.exists()
    assert work.do()


def test_the_same_request_at_once_in_many_threads_works_once() -> None:
    work, start = Work(), threading.Barrier(6)

    def request() -> None:
        start.wait()
        work.do()
        connection.close()

    threads = [threading.Thread(target=request) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert work.done == 1
