"""Conditional writes: a document is replaced only if the caller saw its present version.

Source: RFC 9110, sections 8.8.3 and 13.1.1; RFC 6585, section 3.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final

from rest_framework.request import Request

from api.problems import Problem

_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS: Final = re.compile(rf"\s*{_TAG}\s*(?:,\s*{_TAG}\s*)*")


def entity_tag(document: Any) -> str:
    """Return the document's strong entity tag: two documents with one tag are equal."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return f'"{hashlib.sha256(canonical.encode()).hexdigest()}"'


def require_match(request: Request, document: Any) -> None:
    """Return if the request's If-Match names the present document, or is `*`.

    Call it in the transaction of the write, with the row locked. Raises Problem: 428 where the
    header is missing, 400 where it is no list of entity tags, and 412 where the document has
    changed or the tag is a weak one.
    """
    header = request.META.get("HTTP_IF_MATCH")
    if header is None:
        raise Problem(
            428,
            "precondition-required",
            "If-Match is required",
            "Read the document, and send its ETag in If-Match with the new document.",
        )
    if header.strip() == "*":
        return
    if not _TAGS.fullmatch(header):
        detail = 'If-Match must be the ETag as it was sent, with its quotation marks: "abc".'
        raise Problem(400, "invalid", "The request is not valid", detail)
    tags = re.findall(_TAG, header)
    tag = entity_tag(document)
    if tag in tags:
        return
    raise _changed(is_weak=f"W/{tag}" in tags)


def _changed(*, is_weak: bool) -> Problem:
    if is_weak:
        detail = (
            "If-Match requires a strong ETag, but this one is weak (W/): a proxy that compresses "
            "responses makes it weak. Send the ETag without W/, or turn off the compression of "
            "application/json in the proxy (nginx: gzip off for /api/)."
        )
    else:
        detail = "It was changed after you read it. Read it again, and edit that version."
    return Problem(412, "stale-document", "The document has changed", detail)
