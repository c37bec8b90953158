"""Refusal of content types that Django cannot parse, before it builds its request."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from django.utils.http import parse_header_parameters

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def refusing_invalid_content_types(application: WSGIApplication) -> WSGIApplication:
    """Return `application` behind a 400 for an undecodable Content-Type.

    `WSGIRequest` decodes extended parameters (RFC 8187) with any codec that the sender names and
    looks up any charset: UnicodeError, LookupError and ValueError become a 500 with a traceback.
    """

    def checked(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            _, parameters = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
            with suppress(LookupError):
                codecs.lookup(parameters.get("charset", "utf-8"))
        except (LookupError, ValueError):
            body = b"The Content-Type header is invalid."
            headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
            start_response("400 Bad Request", headers)
            return [body]
        return application(environ, start_response)

    return checked
