"""Log lines on stderr, as text or as one JSON object each; no line carries what a secret looks like."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

from finops_lake import telemetry

FACTS = ("api", "status", "duration", "outcome", "row_count", "calls", "tool", "freshness", "job")
"""What a record may carry beside its message; anything else stays out."""

_SECRETS = re.compile(
    r"(?P<name>\b(?:sig|signature|client_secret|client_assertion|access_token|refresh_token|password|accountkey"
    r"|sharedaccesskey)\s*[=:]\s*[\"']?|\bbearer\s+)[^\s\"'&;,]+"
    r"|\beyJ[\w-]{8,}(?:\.[\w-]+){1,2}",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """Return a text with signatures of links, tokens and keys blotted out: the last line of defence, not the first."""
    return _SECRETS.sub(lambda found: f"{found['name'] or ''}***", text)


class JsonFormatter(logging.Formatter):
    """One JSON object per record: ts (UTC), level, logger, message, and what is known of the work."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts: dict[str, object] = {
            "ts": _instant(record),
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
            **telemetry.about(),
            **{name: getattr(record, name) for name in FACTS if getattr(record, name, None) is not None},
        }
        if record.exc_info:
            facts["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(facts, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """Instant (UTC), level and message, then the request id in brackets."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and beneath it the trace of an exception."""
        request_id = telemetry.request_id()
        line = f"{_instant(record)} {record.levelname} {record.getMessage()}"
        if request_id is not None:
            line += f" [{request_id}]"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return without_secrets(line)


def _instant(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
