"""Answers that refuse a client, for HTTP requests and WebSocket upgrades alike."""

from __future__ import annotations

from starlette.responses import PlainTextResponse, Response

_NETWORK_PAGE = (
    "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n"
    "<center><h1>403 Forbidden</h1></center>\r\n<hr><center>nginx</center>\r\n"
    "</body>\r\n</html>\r\n"
)


class Refused(Exception):
    """The client receives this answer instead of a connection."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def unauthorized(description: str) -> Response:
    """Return an empty 401 that names the error in its challenge."""
    challenge = "Bearer"
    if description:
        challenge += f' error="invalid_token", error_description="{description}"'
    return Response(status_code=401, headers={"WWW-Authenticate": challenge})


def blocked_by_network() -> Response:
    """Return the page of the service's proxy where a network rule refuses a request."""
    return Response(_NETWORK_PAGE, 403, media_type="text/html")


def bad_request(text: str) -> Response:
    """Return a 400."""
    return PlainTextResponse(text, 400)


def not_found(text: str = "No Connection with that ID") -> Response:
    """Return a 404."""
    return PlainTextResponse(text, 404)


def too_many(text: str) -> Response:
    """Return a 429."""
    return PlainTextResponse(text, 429)
