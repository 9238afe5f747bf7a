"""Log lines that people read and machines split: `key=value`, UTC, one event a line."""

import logging
import os

import structlog


def configure_logging() -> None:
    """Write logfmt lines to standard output, from LOG_LEVEL (default INFO) upwards."""
    level = logging.getLevelNamesMapping().get(os.environ.get("LOG_LEVEL", "INFO").upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True, key="at"),
            structlog.processors.LogfmtRenderer(key_order=["at", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
