"""Writing a document only where it still is what the writer saw (RFC 9110, RFC 6585)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from rest_framework.request import Request

from api.problems import Problem


def entity_tag(document: Any) -> str:
    """Return the document's strong entity tag: two documents of one tag are equal."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return f'"{hashlib.sha256(canonical.encode()).hexdigest()}"'


def require_match(request: Request, document: Any) -> None:
    """Let the request go on where its If-Match names the present document, or `*`.

    Call it in the transaction of the write, with the row locked. Raises Problem: 428 where the
    header is missing, and 412 where the document is another by now.
    """
    wanted = request.META.get("HTTP_IF_MATCH")
    if wanted is None:
        raise Problem(
            428,
            "precondition-required",
            "If-Match is required",
            "Read the document, and send its ETag as If-Match with the new one.",
        )
    tags = {tag.strip() for tag in wanted.split(",")}
    if not tags & {"*", entity_tag(document)}:
        raise Problem(
            412,
            "stale-document",
            "The document has changed",
            "Somebody changed it after you read it. Read it again, and change that.",
        )
