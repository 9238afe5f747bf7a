"""`send_meters_away`: nobody stays connected to the broker with a secret that has ended.

The broker asks for a secret when a meter connects, and then not again as long as that connection lasts; it also keeps the answer
for `auth_cache.cache_ttl` (broker/rabbitmq.conf). So a meter is sent away at once, and once more when that time is over.
"""

import base64
import urllib.request
from datetime import timedelta
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from device_service.devices.models import EndedCredential

REMEMBERED = timedelta(seconds=10)
# The broker may have been asked, and its answer come, a little later.
MARGIN = timedelta(seconds=5)
MOST_AT_ONCE = 100
TIMEOUT_SECONDS = 10


def send_meters_away() -> int:
    """The job: how many meters were sent away. Raises OSError when the broker's console does not answer."""
    forgotten = Q(at__lt=Now() - REMEMBERED - MARGIN)
    due = list(EndedCredential.objects.filter(forgotten | Q(sent_away=False)).order_by("at")[:MOST_AT_ONCE])
    for row in due:
        _end_connections(str(row.device_id))
        # Not one that has ended again meanwhile.
        same = EndedCredential.objects.filter(device_id=row.device_id, at=row.at)
        same.filter(forgotten).delete()
        same.update(sent_away=True)
    return len(due)


def _end_connections(name: str) -> None:
    console = urlsplit(settings.BROKER_CONSOLE_URL)
    request = urllib.request.Request(
        f"{console.scheme}://{console.hostname}:{console.port}/api/connections/username/{quote(name, safe='')}",
        method="DELETE",
        headers={
            "Authorization": "Basic " + base64.b64encode(f"{console.username}:{console.password}".encode()).decode()
        },
    )
    urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()
