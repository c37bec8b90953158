"""Headers as an ASGI server gives them."""

from __future__ import annotations

from upstreams.receiver.serving.headers import cgi_headers


def test_keeps_the_bytes_of_headers_under_their_cgi_names() -> None:
    found = cgi_headers(
        [
            (b"content-type", b"application/json"),
            (b"content-length", b"7"),
            (b"x-asrs-user-id", "änn".encode()),
            (b"x-asrs-hub", b"chat"),
            (b"x_asrs_hub", b"game"),
            (b"cookie", b"a=1"),
            (b"cookie", b"b=2"),
        ]
    )
    assert found == {
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": "7",
        "HTTP_X_ASRS_USER_ID": "änn".encode().decode("latin-1"),
        "HTTP_X_ASRS_HUB": "chat",
        "HTTP_COOKIE": "a=1,b=2",
    }
