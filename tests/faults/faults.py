"""Faults of single requests to Azure."""

from __future__ import annotations

from typing import Any, Final

INSTANCES: Final = "Microsoft.SignalRService/signalR/"


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


# Longer than the few seconds for which a read is repeated inside one call, with real waits.
RETRY_LATER: Final = {"Retry-After": "30"}
HTML: Final = RETRY_LATER | {"content-type": "text/html"}
BROKEN: Final = _error("InternalServerError", "We are sorry.")
THROTTLED: Final = _error("TooManyRequests", "Slow down.")
EXPIRED: Final = _error("ExpiredAuthenticationToken", "The access token expired.")
INVALID: Final = _error("InvalidAuthenticationToken", "The access token is invalid.")

THROTTLING: Final[dict[str, dict[str, Any]]] = {
    "throttled": {"status": 429, "headers": RETRY_LATER, "body": THROTTLED},
    "throttled without a time": {"status": 429, "body": THROTTLED},
}
BREAKING: Final[dict[str, dict[str, Any]]] = {
    "500": {"status": 500, "body": BROKEN},
    "502 of a proxy": {"status": 502, "headers": HTML, "body": "<html>Bad Gateway</html>"},
    "503": {"status": 503, "headers": RETRY_LATER, "body": BROKEN},
    "500 after the work": {
        "status": 500,
        "headers": RETRY_LATER,
        "body": BROKEN,
        "after": True,
    },
    "connection cut": {"drop": True},
    "answer lost": {"drop": True, "after": True},
}
REFUSING: Final[dict[str, dict[str, Any]]] = {
    "token expired": {"status": 401, "body": EXPIRED},
    "token refused": {"status": 401, "body": INVALID},
}
PASSING: Final = THROTTLING | BREAKING | {"token expired": REFUSING["token expired"]}
ALL: Final = PASSING | REFUSING


def at_call(index: int, fault: dict[str, Any], *, times: int | None = 1) -> dict[str, Any]:
    """Return a fault of `times` calls for any instance, from the `index`th on."""
    return {"path": INSTANCES} | fault | {"skip": index, "times": times}


def is_of_an_instance(path: str) -> bool:
    """Whether `at_call` counts requests of that path."""
    return INSTANCES.lower() in path.lower()
