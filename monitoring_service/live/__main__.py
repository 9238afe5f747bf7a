"""`python -m monitoring_service.live`: the process that serves GET /api/monitoring/live, on PORT."""

import os
import socket
import sys

import django
import uvicorn

STALLED_MS = 30_000


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monitoring_service.config.settings")
    from service_kit.environment import BadSetting, env_int

    try:
        django.setup()
        port = env_int("PORT", 8000)
    except BadSetting as error:
        print(error, file=sys.stderr)  # noqa: T201 - before there is a log
        sys.exit(2)
    from monitoring_service.live.app import LiveApp

    # Open streams have no end of their own: two seconds after SIGTERM they are cut, and browsers come back by themselves.
    config = uvicorn.Config(
        LiveApp(),
        host=os.environ.get("HOST", "0.0.0.0"),
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    listening = config.bind_socket()
    # A reader that takes nothing for so long is cut by the kernel, with what waits for it; connections inherit this.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_MS)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
