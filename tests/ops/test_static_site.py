"""The dashboard's files, served where there is no nginx as nginx does."""

import re
from pathlib import Path

import pytest

from ops import static_site
from ops.instances import ROOT


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """`ask("/path")` -> (status, headers, body) from a dashboard of three files."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>start page</title>")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "app-1a2b3c.js").write_text("run()")
    monkeypatch.setattr(static_site, "DIST", tmp_path)
    site = static_site.site()

    def get(path: str) -> tuple[int, dict[str, str], bytes]:
        seen: list = []
        body = b"".join(site({"REQUEST_METHOD": "GET", "PATH_INFO": path}, lambda *answer: seen.extend(answer)))
        return int(seen[0].split()[0]), dict(seen[1]), body

    return get


def test_a_page_of_the_dashboard_is_the_start_page(ask) -> None:
    for path in ("/", "/devices/7?day=2026-01-31", "/login"):
        status, headers, body = ask(path)
        assert (status, body) == (200, b"<title>start page</title>")
        assert headers["Cache-Control"] == "no-cache", "a new version must be seen at the next visit"


def test_a_file_is_itself(ask) -> None:
    assert ask("/favicon.svg")[2] == b"<svg/>"


def test_a_hashed_file_is_kept_for_ever_and_a_missing_one_is_an_error(ask) -> None:
    status, headers, body = ask("/assets/app-1a2b3c.js")
    assert (status, body) == (200, b"run()")
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert ask("/assets/app-gone.js")[0] == 404
    assert ask("/api/nothing")[0] == 404


def test_headers_are_those_of_nginx(ask) -> None:
    written = (ROOT / "frontend" / "nginx.conf").read_text()
    nginx = dict(re.findall(r'add_header (\S+) "?([^"\n]*?)"? always;', written))
    nginx.pop("Cache-Control")
    assert nginx == static_site.HEADERS
    for path in ("/", "/assets/app-gone.js"):
        assert static_site.HEADERS.items() <= ask(path)[1].items()
