"""The broker as its definitions make it: who may do what, and where each event goes."""

import os
import uuid
from typing import Any
from urllib.parse import urlsplit

import pika
import pytest
from pika.exceptions import ChannelClosedByBroker

from service_kit.events import EVENTS
from service_kit.messaging import EXCHANGE, connect
from service_kit.tests.conftest import until

SERVICES = ("auth", "user", "device", "monitoring", "forecast")
ADMIN = os.environ["BROKER_ADMIN_URL"]


def as_user(user: str, vhost: str) -> pika.BlockingConnection:
    password = os.environ[f"{user.upper()}_BROKER_PASSWORD"]
    return connect(f"amqp://{user}:{password}@{urlsplit(ADMIN).netloc.rpartition('@')[2]}/{vhost}")


@pytest.mark.parametrize("type_", sorted(t for t in EVENTS if not t.startswith("thing.")))
def test_every_event_has_a_queue_that_takes_it(type_: str) -> None:
    """Given a message of this type: with `mandatory`, the broker gives back one that no queue takes."""
    link = connect(ADMIN)
    channel = link.channel()
    channel.confirm_delivery()
    # One that has expired when it arrives: it is routed, but no consumer ever sees it.
    channel.basic_publish(EXCHANGE, type_, b"{}", pika.BasicProperties(expiration="0"), mandatory=True)
    link.close()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_take_its_own_dead_letters_and_no_others(service: str) -> None:
    link = as_user(service, "ems")
    channel = link.channel()
    for queue in [f"{service}.sync.dlq"] + ["forecast.hours.dlq"] * (service == "forecast"):
        channel.basic_get(queue)  # not acknowledged: it lies there again
    assert channel.is_open
    with pytest.raises(ChannelClosedByBroker, match="ACCESS_REFUSED"):
        channel.basic_get("user.sync.dlq" if service != "user" else "device.sync.dlq")
    link.close()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_can_neither_declare_nor_read_what_is_not_its_own(service: str) -> None:
    link = as_user(service, "ems")
    other = "device.sync" if service != "device" else "user.sync"
    for forbidden in (
        lambda channel: channel.queue_declare(f"{service}.sync.{uuid.uuid4().hex}"),
        lambda channel: channel.basic_get(other),
        lambda channel: channel.queue_delete(other),
        lambda channel: channel.queue_bind(other, EXCHANGE, "#"),
    ):
        with pytest.raises(ChannelClosedByBroker, match="ACCESS_REFUSED"):
            forbidden(link.channel())
    link.close()


def test_an_event_cannot_be_sent_in_anothers_name() -> None:
    link = as_user("device", "ems")
    channel = link.channel()
    channel.confirm_delivery()
    with pytest.raises(ChannelClosedByBroker, match="user_id property set to 'auth'"):
        channel.basic_publish(EXCHANGE, "user.created", b"{}", pika.BasicProperties(user_id="auth"))
    link.close()


def test_a_meter_declares_and_writes_its_queue_and_nothing_else() -> None:
    link = as_user("meter", "%2F")
    assert link.channel().queue_declare("device_data_queue", durable=True).method.queue == "device_data_queue"
    for forbidden in (
        lambda channel: channel.queue_declare("mine", durable=True),
        lambda channel: channel.basic_get("device_data_queue"),
        lambda channel: channel.exchange_declare("mine"),
        lambda channel: channel.queue_delete("device_data_queue.dlq"),
    ):
        with pytest.raises(ChannelClosedByBroker, match="ACCESS_REFUSED"):
            forbidden(link.channel())
    link.close()
    with pytest.raises(pika.exceptions.AMQPConnectionError):
        as_user("meter", "ems")


def test_an_owner_may_ask_the_service_that_keeps_a_copy_and_gets_its_answer() -> None:
    """Given the rights that services really have: `reconcile` needs the default exchange and a direct reply, no more."""
    owner, keeper = as_user("auth", "ems"), as_user("device", "ems")
    asks, answers = owner.channel(), keeper.channel()
    got: list[bytes] = []
    asks.basic_consume("amq.rabbitmq.reply-to", lambda _c, _m, _p, body: got.append(body), auto_ack=True)

    def reply(channel: Any, method: Any, properties: pika.BasicProperties, body: bytes) -> None:
        if properties.reply_to:  # what other tests have left in the queue is nothing to us
            channel.basic_publish("", properties.reply_to, body + b", " + properties.user_id.encode())
        channel.basic_ack(method.delivery_tag)

    answers.basic_consume("device.sync", reply)
    asks.confirm_delivery()
    asks.basic_publish(
        "", "device.sync", b"what do you have",
        pika.BasicProperties(user_id="auth", reply_to="amq.rabbitmq.reply-to"), mandatory=True,
    )  # fmt: skip

    def step() -> None:
        keeper.process_data_events(time_limit=0.1)
        owner.process_data_events(time_limit=0.1)

    until(lambda: got, step=step)
    assert got == [b"what do you have, auth"]
    owner.close()
    keeper.close()
