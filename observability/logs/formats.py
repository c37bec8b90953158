"""Log formats: text for people, JSON for log collectors.

Both name the request and the operation that a line belongs to.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final

from observability import correlation_ids
from observability.logs.redaction import redacted

# Of a message. Tracebacks are bounded by the code, not by what a request sends.
_MAX_CHARACTERS: Final = 1_000


def logging_settings(*, form: str, level: str) -> dict[str, Any]:
    """Return the setting LOGGING.

    `form` is "text", for people, or "json", one object a line for log collectors.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"()": "observability.logs.formats.LineFormatter"},
            "json": {"()": "observability.logs.formats.JsonFormatter"},
        },
        "filters": {
            "refusals": {"()": "upstreams.receiver.serving.logs.WithoutRefusals"},
            "rejections": {"()": "observability.logs.filters.RejectedRequests"},
            "broker": {"()": "config.broker.outages.BrokerOutages"},
            "database": {"()": "observability.logs.filters.DatabaseOutages"},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": form}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # At INFO it writes every request's headers, one line each; arm writes its own.
            "azure": {"level": "WARNING"},
            # It writes a line for every answer from 400 on; the receiver writes its own.
            "django.request": {"filters": ["refusals", "rejections"]},
            # Any request can name a host that is not allowed.
            "django.security.DisallowedHost": {"filters": ["rejections"]},
            "django.security.csrf": {"filters": ["rejections"]},
            # At INFO it writes two lines for each task, one of which comes every few seconds.
            "celery": {"level": "WARNING"},
            # Several tasks a minute fail while the database is away.
            "celery.app.trace": {"filters": ["database"]},
            # While the broker is away they write a line, or a traceback, every few seconds.
            "celery.worker.consumer.consumer": {"filters": ["broker"]},
            "celery.bootsteps": {"filters": ["broker"]},
            "celery.beat": {"filters": ["broker"]},
            # At INFO it writes that there is a connection, which ends an outage.
            "celery.worker.consumer.connection": {"level": "INFO", "filters": ["broker"]},
            # It warns of a host name that its filesystem transport does not need.
            "kombu.connection": {"level": "ERROR"},
            # At DEBUG it writes addresses: those of long-running operations are signed, and those
            # of the SignalR service name users.
            "urllib3": {"level": "WARNING"},
        },
    }


class LineFormatter(logging.Formatter):
    """One line for people: time, level, logger, message, and the ids in brackets."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name
        """Return the line without the traceback, with unprintable characters escaped."""
        line = _printable(_shortened(super().formatMessage(record)))
        named = " ".join(f"{name}={value}" for name, value in _ids(record).items())
        return f"{line} [{named}]" if named else line

    def format(self, record: logging.LogRecord) -> str:
        """Return the line and its traceback, redacted."""
        return redacted(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line.

    `time` (ISO 8601, UTC), `level`, `logger`, `message`, `process`, `thread`; `request_id`,
    `operation_id` and `trace_id` where there are any; `exception`, a traceback, where one was
    logged.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the object, without a line break."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat("T", "milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redacted(_shortened(record.getMessage())),
            "process": record.process,
            "thread": record.threadName,
            **_ids(record),
        }
        if record.exc_info:
            line["exception"] = redacted(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=True, default=str)


def _ids(record: logging.LogRecord) -> dict[str, str]:
    # Django writes its line on an answer when the request's middleware has ended already.
    request = getattr(record, "request", None)
    found = {
        "request_id": correlation_ids.request_id.get() or getattr(request, "request_id", ""),
        "operation_id": correlation_ids.operation_id.get(),
        "trace_id": _trace_id(),
    }
    return {name: value for name, value in found.items() if value}


def _trace_id() -> str:
    """Return the id of the present trace; empty where none is recorded."""
    # OpenTelemetry is an extra, and imported only where it is switched on.
    if (tracing := sys.modules.get("opentelemetry.trace")) is None:
        return ""
    context = tracing.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""


def _shortened(text: str) -> str:
    """Return the text, cut where an unauthenticated request could make it long."""
    if len(text) <= _MAX_CHARACTERS:
        return text
    return f"{text[:_MAX_CHARACTERS]}... ({len(text)} characters)"


def _printable(line: str) -> str:
    """Return the line with unprintable characters escaped, which could forge or hide lines."""
    if line.isprintable():
        return line
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in line
    )
