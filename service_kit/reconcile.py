"""`manage.py reconcile`: an owner asks each service with a copy what it has, and tells anew what differs.

The question goes into the queue that the copy is fed from, behind every event sent before it, and the consumer of that queue
answers by the broker's direct reply-to. So the answer is the copy as it is when all that was told has been applied: nothing
under way is taken for lost. And it takes no endpoint, address or token between services, of which only auth_service could make
one: the broker has checked who asks, and only an event's owner is answered.

Rows are compared by digests of buckets of keys; only the buckets that differ travel, as (key, version, deleted).
"""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec
import pika
import structlog
from django.conf import settings
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import UnroutableError
from pika.spec import Basic, BasicProperties

from service_kit.events import EVENTS, Event
from service_kit.messaging import connect, quietly
from service_kit.owned import Owned, owned_here
from service_kit.versions import Versions, digests_of, rows_of

log = structlog.get_logger(__name__)
# Event that tells of a row -> the copies that this service keeps of them.
Copies = Mapping[type[Event], Callable[[], Versions]]
BUCKETS_AT_ONCE = 16
ANSWER_WITHIN = 60.0
# The job comes round well before its process counts as stuck.
JOB_ANSWER_WITHIN = 15.0
FEW = 10
REPLY_TO = "amq.rabbitmq.reply-to"


class NoAnswer(Exception):
    """The copy cannot be compared now; the message says why and what to look at."""


class Question(msgspec.Struct, frozen=True):
    """`about` is the type of the event that tells of the rows. Without `buckets` it asks for all digests, else for their rows."""

    about: str
    buckets: list[str] | None = None


class Answer(msgspec.Struct, frozen=True):
    """`refusal` says why there is neither."""

    digests: dict[str, str] = {}
    rows: list[tuple[str, int, bool]] = []
    refusal: str | None = None


def answer(body: bytes, copies: Copies, *, asker: str | None) -> bytes:
    """The consumer's part: what this service's copy holds. `asker` is the broker user who sent the question."""
    try:
        question = msgspec.json.decode(body, type=Question)
    except msgspec.DecodeError as error:
        return msgspec.json.encode(Answer(refusal=f"not a question: {error}"))
    event = EVENTS.get(question.about)
    if event is None or event not in copies:
        reply = Answer(refusal=f"no copies of {question.about} are kept here")
    elif event.owner != asker:
        reply = Answer(refusal=f"{question.about} is {event.owner}'s, not {asker}'s to ask about")
    elif question.buckets is None:
        reply = Answer(digests=digests_of(copies[event]()))
    else:
        found = rows_of(copies[event](), question.buckets)
        reply = Answer(rows=[(key, version, deleted) for key, (version, deleted) in found.items()])
    return msgspec.json.encode(reply)


class Asker:
    """One connection to ask by; `with Asker() as asker`. Each wait is at most `within` seconds."""

    def __init__(self, *, within: float = ANSWER_WITHIN) -> None:
        self.within = within
        self._link = connect(settings.BROKER_URL, name=f"{settings.SERVICE} reconcile")
        self._user = pika.URLParameters(settings.BROKER_URL).credentials.username
        self._channel: BlockingChannel = self._link.channel()
        self._channel.confirm_delivery()
        self._answers: dict[str, bytes] = {}
        self._channel.basic_consume(REPLY_TO, self._on_answer, auto_ack=True)

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        quietly(self._link.close)

    def _on_answer(
        self, channel: BlockingChannel, method: Basic.Deliver, properties: BasicProperties, body: bytes
    ) -> None:
        self._answers[properties.correlation_id or ""] = body

    def ask(self, queue: str, question: Question) -> Answer:
        """Raises NoAnswer when none comes in time, or it is a refusal."""
        number = uuid.uuid4().hex
        properties = BasicProperties(user_id=self._user, reply_to=REPLY_TO, correlation_id=number)
        try:
            self._channel.basic_publish("", queue, msgspec.json.encode(question), properties, mandatory=True)
        except UnroutableError:
            raise NoAnswer(f"There is no queue {queue}. Is broker/definitions.json loaded?") from None
        self.wait(
            lambda: number in self._answers,
            f"{queue} gave no answer in {self.within:g} s. Does its consumer run, and is the queue long? (make status)",
        )
        reply = msgspec.json.decode(self._answers.pop(number), type=Answer)
        if reply.refusal:
            raise NoAnswer(f"{queue}: {reply.refusal}.")
        return reply

    def wait(self, condition: Callable[[], bool], otherwise: str) -> None:
        """Until the condition holds. Raises NoAnswer with `otherwise` when it does not in time."""
        give_up = time.monotonic() + self.within
        while not condition():
            if time.monotonic() > give_up:
                raise NoAnswer(otherwise)
            self._link.process_data_events(time_limit=0.1)


@dataclass
class Finding:
    """How one copy differs, by key. `ahead` and `left_over` hold the copy's versions."""

    owned: Owned
    queue: str
    missing: set[str] = field(default_factory=set)
    older: set[str] = field(default_factory=set)
    ahead: dict[str, int] = field(default_factory=dict)
    left_over: dict[str, int] = field(default_factory=dict)

    @property
    def ends_most(self) -> bool:
        """Whether it would end more copies than this service has rows: it has rather lost its own."""
        return len(self.left_over) > max(FEW, self.owned.versions().count())

    @property
    def agrees(self) -> bool:
        return not (self.missing or self.older or self.ahead or self.left_over)

    def __str__(self) -> str:
        parts = {
            "missing there": self.missing,
            "older there": self.older,
            "ahead of ours": self.ahead,
            "left over there": self.left_over,
        }
        told = ", ".join(f"{len(keys)} {what}" for what, keys in parts.items() if keys)
        return f"{self.owned.name}, {self.queue}: {told or 'agrees'}."


def compare(asker: Asker, owned: Owned, queue: str) -> Finding:
    """How the copy that is fed from `queue` differs from what this service owns. Raises NoAnswer."""
    finding = Finding(owned, queue)
    ours = digests_of(owned.versions())
    owned.wait_until_sent(asker.wait)
    theirs = asker.ask(queue, Question(owned.event.type)).digests
    differing = sorted(bucket for bucket in ours.keys() | theirs.keys() if ours.get(bucket) != theirs.get(bucket))
    for first in range(0, len(differing), BUCKETS_AT_ONCE):
        _look_closer(asker, finding, differing[first : first + BUCKETS_AT_ONCE])
    return finding


def _look_closer(asker: Asker, finding: Finding, buckets: list[str]) -> None:
    """Judge the rows of some buckets. What was sent before the question must be there; what came since may be there."""
    owned = finding.owned
    before = rows_of(owned.versions(), buckets)
    owned.wait_until_sent(asker.wait)
    answer = asker.ask(finding.queue, Question(owned.event.type, buckets))
    copies = {key: (version, deleted) for key, version, deleted in answer.rows}
    after = rows_of(owned.latest(), buckets)
    for key, (version, _) in before.items():
        if key not in after:
            continue  # deleted meanwhile: that event is under way
        copy, deleted = copies.get(key, (None, False))
        if copy is None:
            finding.missing.add(key)
        elif copy < version:
            finding.older.add(key)
        elif copy > after[key][0] or deleted:
            finding.ahead[key] = copy
    strangers = {key: copy for key, (copy, deleted) in copies.items() if not deleted and key not in before}
    # Asked after the answer: whatever a copy holds was here first, if only as an account that is still being registered.
    for key in strangers.keys() - owned.known(strangers):
        finding.left_over[key] = strangers[key]


def tell(finding: Finding) -> int:
    """Tell what the copy lacks; how many rows. What changed meanwhile does no harm: the highest version wins."""
    lacking = finding.missing | finding.older
    return (finding.owned.resync(lacking) if lacking else 0) + finding.owned.overtake(finding.ahead)


def repair(finding: Finding, *, end_many: bool) -> int:
    """`tell`, and end what is left over unless that is suspiciously many; how many rows."""
    ends = end_many or not finding.ends_most
    return tell(finding) + (finding.owned.forget(finding.left_over) if ends else 0)


def beyond_repair(finding: Finding, *, end_many: bool) -> str:
    """What `repair` leaves as it is, why, and the way out; empty when nothing."""
    name, queue = finding.owned.name, finding.queue
    if finding.left_over and not finding.owned.can_forget:
        return (
            f"{queue} keeps what is left over: a {name} ends with what it belongs to. Reconcile the owner of that; "
            "if this service has lost rows, restore them."
        )
    if finding.ends_most and not end_many:
        return (
            f"{queue} keeps what is left over: {len(finding.left_over)} {name}(s) are more than there are here. If this "
            "database has lost rows, restore it; if they are rightly gone, say --end-many."
        )
    if finding.ahead and not finding.owned.can_overtake:
        return (
            f"{queue} keeps what is ahead: this service has lost changes of {name}. Restore them, or send them again."
        )
    return ""


def compare_all(asker: Asker, everything: Iterable[Owned]) -> Iterator[Finding | NoAnswer]:
    """Each owned kind against each of its copies, all before anything is told: a repair would hide what the next one lacks."""
    for owned in everything:
        for queue in owned.queues:
            try:
                yield compare(asker, owned, queue)
            except NoAnswer as reason:
                yield reason


def tell_what_copies_lack() -> int:
    """The daily job: compare, and tell what copies lack. It ends none: what is left over may be what this service has lost."""
    told = 0
    with Asker(within=JOB_ANSWER_WITHIN) as asker:
        findings = list(compare_all(asker, owned_here()))
    for found in findings:
        if isinstance(found, NoAnswer):
            log.warning("copy not compared", reason=str(found))
        elif not found.agrees:
            log.error(
                "copy differs", finding=str(found), way_out=f"make manage SERVICE={settings.SERVICE} ARGS=reconcile"
            )
            told += tell(found)
    return told
