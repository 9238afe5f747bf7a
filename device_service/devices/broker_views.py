"""`/internal/broker/*`: the broker asks, one word answers. The gateway leads nobody here."""

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from device_service.devices import broker

Question = Callable[[Mapping[str, str]], bool]


def answer(question: Question) -> Callable[[HttpRequest], HttpResponse]:
    """A view of the form that rabbitmq_auth_backend_http wants: the question as a form, `allow` or `deny` as text.

    It needs no token: it tells nothing but whether a secret of 256 random bits is right.
    """

    @csrf_exempt
    @require_POST
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("allow" if question(request.POST.dict()) else "deny", content_type="text/plain")

    return view


user, vhost, resource, topic = (
    answer(question) for question in (broker.is_meter, broker.may_enter, broker.may_use, broker.may_speak)
)
