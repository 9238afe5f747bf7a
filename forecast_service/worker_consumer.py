"""Celery's consumer without its delayed delivery, which declares 28 quorum queues for tasks with a time of their own: we have none."""

from typing import ClassVar

from celery.worker.consumer.consumer import Consumer

DELAYED = "celery.worker.consumer.delayed_delivery:DelayedDelivery"


class PromptConsumer(Consumer):
    class Blueprint(Consumer.Blueprint):
        default_steps: ClassVar = [step for step in Consumer.Blueprint.default_steps if step != DELAYED]
