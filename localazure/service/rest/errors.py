"""Errors of the REST API: `ErrorDetail` bodies, their code repeated in `x-ms-error-code`.

Codes have the form `<Level>.<Scope>.<Kind>` (swagger). Those marked *ours* are plausible only.
"""

from __future__ import annotations

from starlette.responses import JSONResponse, Response


class RestError(Exception):
    """An error response of the REST API."""

    def __init__(self, status: int, code: str, message: str, target: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.target = status, code, target

    def response(self) -> Response:
        """Return the answer."""
        body = {"code": self.code, "message": str(self), "target": self.target}
        headers = {"x-ms-error-code": self.code}
        return JSONResponse(body, self.status, headers)


def invalid(message: str, target: str) -> RestError:
    """Return a 400 for one parameter or the body; its code is ours."""
    return RestError(400, "Error.Request.Invalid", message, target)


def missing(code: str, message: str) -> RestError:
    """Return a 404 that says that something does not exist."""
    return RestError(404, code, message)


def no_connection(connection_id: str) -> RestError:
    """Return the 404 of an operation on a connection that does not exist."""
    return missing("Error.Connection.NotExisted", f"Connection '{connection_id}' does not exist.")
