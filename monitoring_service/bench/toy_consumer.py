"""What `bench.ingest` is held against: message by message through the ORM, one transaction and one acknowledgement each."""

import json
import os
import sys
import time
from datetime import datetime, timedelta
from typing import Any

import django
import pika

django.setup()

from django.db import transaction  # noqa: E402
from django.db.models import F  # noqa: E402

from monitoring_service.hours.models import Hour  # noqa: E402
from monitoring_service.readings.models import Reading  # noqa: E402


@transaction.atomic
def store(message: dict[str, Any]) -> None:
    at, value = datetime.fromisoformat(message["timestamp"]), message["measurement_value"]
    _, new = Reading.objects.get_or_create(device_id=message["device_id"], at=at, defaults={"value": value})
    if not new:
        return
    start = (at - timedelta(microseconds=1)).replace(minute=0, second=0, microsecond=0)
    nothing = {"kwh": 0, "readings": 0, "n1": 0, "n2": 0, "n3": 0, "n4": 0, "whole": 0, "quality": 3}
    Hour.objects.get_or_create(device_id=message["device_id"], start=start, defaults=nothing)
    Hour.objects.filter(device_id=message["device_id"], start=start).update(
        kwh=F("kwh") + value, readings=F("readings") + 1
    )


def main(messages: int) -> None:
    """Takes so many messages from the queue and prints the seconds from the first to the last, and its own of CPU."""
    link = pika.BlockingConnection(pika.URLParameters(os.environ["METER_BROKER_URL"]))
    channel = link.channel()
    channel.basic_qos(prefetch_count=100)
    begun = used = 0.0
    for number, (method, _, body) in enumerate(channel.consume("device_data_queue")):
        if number == 0:
            begun, used = time.perf_counter(), time.process_time()
        else:
            store(json.loads(body))
        channel.basic_ack(method.delivery_tag)
        if number == messages:
            break
    print(time.perf_counter() - begun, time.process_time() - used)
    link.close()


if __name__ == "__main__":
    main(int(sys.argv[1]))
