"""The built dashboard over WSGI, where there is no nginx: the same files, headers and fallbacks as frontend/nginx.conf."""

from collections.abc import Callable, Iterable
from typing import Any

from whitenoise import WhiteNoise

from ops.instances import ROOT

DIST = ROOT / "frontend" / "dist"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
NEVER_CHANGES = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
# What the browser asks for as a file: an answer with the start page would hide that it is missing.
NO_PAGE = ("/assets/", "/api/")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def _headers(headers: Any, path: str, url: str) -> None:
    for name, value in HEADERS.items():
        headers[name] = value
    headers["Cache-Control"] = NEVER_CHANGES if url.startswith("/assets/") else ASK_AGAIN


def _not_found(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    headers = [*HEADERS.items(), ("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", ASK_AGAIN)]
    start_response("404 Not Found", headers)
    return [b"Not found\n"]


def site() -> Wsgi:
    files = WhiteNoise(_not_found, root=DIST, index_file=True, add_headers_function=_headers)

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        # Any other address is one of the dashboard's own pages.
        if path not in files.files and path != "/api" and not path.startswith(NO_PAGE):
            environ = {**environ, "PATH_INFO": "/"}
        return files(environ, start_response)

    return serve


application = site()
