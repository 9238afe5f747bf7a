"""From a request's words to a question of energy: which devices, which time, which entries; and whether the asker has the answer."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring_service.devices.selection import KINDS, Chosen, choose, common_zone, counted_by_kind
from monitoring_service.hours.calendar import RESOLUTIONS, Resolution, count_at_most, edges
from monitoring_service.hours.queries import EnergyQuestion
from monitoring_service.hours.serializers import RangeQuestion, instant_us
from service_kit.auth import Caller
from service_kit.events import Kind

MAX_ENTRIES = 9_000


@dataclass(frozen=True)
class AskedRange:
    """A range of energy by kind. `kinds[i]` is what `question.groups[i]` measures; `grouped`: every kind is to be told."""

    chosen: Sequence[Chosen]
    kinds: Sequence[Kind]
    question: EnergyQuestion
    grouped: bool


def asked_range(request: Request, *, most: int = MAX_ENTRIES) -> AskedRange:
    """What the request's parameters ask for. Raises ParseError, ValidationError or NotFound."""
    caller = cast(Caller, request.user)
    asked = RangeQuestion.asked(request)
    chosen = choose(caller, device_ids=asked.get("device_id"), plant_id=asked.get("plant_id"))
    zone = asked.get("timezone") or common_zone(chosen)
    start_us, end_us, resolution = asked_time(asked, zone, most=most)
    groups = counted_by_kind(chosen) or {KINDS[0]: []}
    return AskedRange(
        chosen,
        list(groups),
        EnergyQuestion(list(groups.values()), start_us, end_us, zone, resolution),
        grouped="device_id" not in asked or len(groups) > 1,
    )


def asked_time(asked: dict[str, Any], zone: ZoneInfo, *, most: int = MAX_ENTRIES) -> tuple[int, int, Resolution]:
    """Start, end (microseconds since 1970) and resolution of what was asked for. Raises ParseError or ValidationError."""
    start_us, end_us = instant_us(asked["start"], zone), instant_us(asked["end"], zone)
    if end_us <= start_us:
        raise ValidationError({"end": [f"{asked['end'].isoformat()} is not after start."]})
    return start_us, end_us, _resolution(asked, start_us, end_us, zone, most)


def _resolution(asked: dict[str, Any], start_us: int, end_us: int, zone: ZoneInfo, most: int) -> Resolution:
    """The resolution asked for, or the next coarser one that keeps to max_points. Raises ParseError past `most`."""
    finer_to_coarser = RESOLUTIONS[RESOLUTIONS.index(asked["resolution"]) :]
    wanted = min(asked.get("max_points", most), most)
    for resolution in finer_to_coarser:
        # The estimate is cheap and never far off; near the limit the entries are counted.
        estimate = count_at_most(start_us, end_us, resolution)
        if estimate <= 2 * most and len(edges(start_us, end_us, zone, resolution)) - 1 <= wanted:
            return resolution
        if "max_points" not in asked:
            raise ParseError(
                f"{estimate:,.0f} entries by {resolution}, but at most {most:,} are answered: "
                "ask for a shorter range, a coarser resolution, or give max_points."
            )
    raise ParseError(f"Even by year there are more than max_points={wanted} entries: ask for a shorter range.")


def answer_unless_known(
    request: Request, chosen: Sequence[Chosen], answer: Callable[[], Any], *, also: object = None, keep: bool = False
) -> Response | HttpResponseBase:
    """The answer with its ETag, or 304 when the asker's If-None-Match says that it has this very answer already.

    The tag is made of the question, of the versions of what the answer rests on and of `also`, before the answer is.
    `keep` it under its tag for whoever asks again: for sums over much that are looked at often.
    """
    caller = cast(Caller, request.user)
    rests_on = (
        settings.VERSION,
        request.path,
        sorted(request.query_params.lists()),
        "" if caller.is_admin else caller.id,
        [device.state for device in chosen],
        also,
    )
    tag = f'W/"{digest(rests_on)}"'
    response = get_conditional_response(request._request, etag=tag)
    if response is None:
        response = Response(cache.get_or_set(tag, answer) if keep else answer())
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Authorization"])
    return response


def digest(rests_on: object) -> str:
    """A short name of what an answer rests on, another when any of it is another."""
    return hashlib.blake2b(repr(rests_on).encode(), digest_size=16).hexdigest()
