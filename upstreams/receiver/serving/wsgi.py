"""Takes upstream requests before Django's own WSGI handler does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from django.core.handlers.wsgi import get_path_info

from upstreams.receiver.protocol.errors import ProtocolError
from upstreams.receiver.protocol.paths import ROOT, instance_of
from upstreams.receiver.serving.processing import receive
from upstreams.receiver.serving.request_head import Head, attended, headers_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication


class ReceiverFirst:
    """A WSGI application that answers what is sent to the receiver, and passes on everything else.

    `name` makes a request's id of the `X-Request-ID` that came with it.
    """

    def __init__(self, django: WSGIApplication, *, name: Callable[[str], str]) -> None:
        self._django: Final = django
        self._name: Final = name

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(ROOT):
            return self._django(environ, start_response)
        head = Head(
            method=environ["REQUEST_METHOD"].upper(),
            path_info=get_path_info(environ),
            scheme=environ["wsgi.url_scheme"],
            META=environ,
        )
        instance = instance_of(head.path_info)
        if instance is None or head.is_turned_away:
            return self._django(environ, start_response)
        name = self._name(environ.get("HTTP_X_REQUEST_ID", ""))
        read = partial(read_body, environ)
        answer = attended(head, name, lambda: receive(head, instance, read))
        phrase = HTTPStatus(answer.status).phrase
        start_response(f"{answer.status} {phrase}", headers_of(answer, name))
        return [answer.body]


def read_body(environ: Mapping[str, Any], size: int) -> bytes:
    """Return at most `size` bytes of a request's body. Raises ProtocolError where it ends early.

    Source: PEP 3333, "Input and Error Streams".
    """
    if "HTTP_TRANSFER_ENCODING" in environ:
        if not environ.get("wsgi.input_terminated"):
            raise ProtocolError("body_chunked", "The web server does not say where the body ends.")
        return _read(environ, size)
    length = environ.get("CONTENT_LENGTH") or "0"
    wanted = min(size, int(length)) if length.isdecimal() else 0
    body = _read(environ, wanted)
    if len(body) < wanted:
        raise ProtocolError("body_incomplete", "The body ended before its length.")
    return body


def _read(environ: Mapping[str, Any], size: int) -> bytes:
    body: bytes = b""
    try:
        while len(body) < size and (part := environ["wsgi.input"].read(size - len(body))):
            body += part
    except OSError as error:
        raise ProtocolError("body_incomplete", "The body ended before its length.") from error
    return body
