"""Problem details for exceptions under /api/ (RFC 9457), and for what Django itself refuses.

An app registers its own exceptions with `register` in `AppConfig.ready`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from rest_framework import exceptions, views
from rest_framework.response import Response

from api.problems import Problem, problem_response
from arm.errors import ArmError, CredentialRefused
from observability.database_outages import DatabaseOutage, log_outage, outage_of

_KEPT: Final = frozenset({"WWW-Authenticate", "Retry-After"})


@dataclass(frozen=True, slots=True)
class ProblemType:
    """The problem document for exceptions of one class.

    `slug` makes the stable `type`, /problems/<slug>; `title` holds for all of the type; `extend`
    returns further members for one exception.
    """

    status: int
    slug: str
    title: str
    extend: Callable[[Any], Mapping[str, object]] = lambda _error: {}


_types: dict[type[Exception], ProblemType] = {
    ArmError: ProblemType(502, "azure", "Azure refused or failed"),
}


def register(types: Mapping[type[Exception], ProblemType]) -> None:
    """Answer these exceptions, and their subclasses, with problem details."""
    _types.update(types)


def handle_exception(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Return the answer to an exception of a view; None lets Django answer 500.

    DRF's setting EXCEPTION_HANDLER. The receiver's views keep DRF's own.
    """
    request: HttpRequest = context["request"]._request  # noqa: SLF001  DRF has no public name
    if not is_api(request):
        return views.exception_handler(error, context)
    if (outage := outage_of(error)) is not None:
        return _database_outage(request, outage, error)
    problem = _problem(error)
    if problem is None:
        return None
    # It rolls the request's transaction back, and gives the headers: challenge and Retry-After.
    plain = views.exception_handler(error, context)
    headers = plain.headers if isinstance(plain, Response) else {}
    kept = {name: value for name, value in headers.items() if name in _KEPT}
    return problem_response(request, problem, kept)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself refuses."""
    if not is_api(request):
        return defaults.bad_request(request, exception)
    return problem_response(request, _general(400, "The request is malformed."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself forbids."""
    if not is_api(request):
        return defaults.permission_denied(request, exception)
    return problem_response(request, _general(403, "This is not allowed."))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown URL."""
    if not is_api(request):
        return defaults.page_not_found(request, exception)
    return problem_response(request, _general(404, "There is no resource at this URL."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer an unexpected exception, which the log has under the request's id."""
    if not is_api(request):
        return defaults.server_error(request)
    # Django calls this while it handles an exception of a view, a middleware or a commit.
    error = sys.exc_info()[1]
    if (outage := outage_of(error)) is not None:
        return _database_outage(request, outage, error)
    return problem_response(
        request,
        _general(500, "An unexpected error occurred. Search the log for this request_id."),
    )


def is_api(request: HttpRequest) -> bool:
    """Return whether a request is one to the API, which has no pages."""
    return request.path_info.startswith("/api/")


def _database_outage(
    request: HttpRequest, outage: DatabaseOutage, error: BaseException | None
) -> HttpResponse:
    log_outage(outage, error)
    problem = Problem(
        503,
        "service-unavailable",
        "Service Unavailable",
        f"{outage.message} Try again later.",
    )
    return problem_response(request, problem, {"Retry-After": str(outage.retry_seconds)})


def _problem(error: Exception) -> Problem | None:
    match error:
        case Problem():
            found: Problem | None = error
        case Http404() | ObjectDoesNotExist():
            # The second: it was there when the request began.
            found = _general(404, "There is no resource with this name.")
        case PermissionDenied():
            found = _general(403, "This is not allowed.")
        case ValidationError():
            found = _invalid(_fields(error))
        case exceptions.ValidationError():
            found = _invalid(_by_name(error.detail))
        case exceptions.APIException():
            found = _general(error.status_code, str(error.detail))
        case _:
            found = _registered(error)
    return found


def _registered(error: Exception) -> Problem | None:
    for kind in type(error).__mro__:
        if kind in _types:
            found = _types[kind]
            # 409 where Azure refuses permanently: sending the request again does not help.
            status = 409 if _is_lasting_refusal(error) else found.status
            return Problem(status, found.slug, found.title, str(error), **found.extend(error))
    return None


def _is_lasting_refusal(error: Exception) -> bool:
    """Return whether Azure refuses the request itself permanently, not the credential."""
    if not isinstance(error, ArmError) or isinstance(error, CredentialRefused):
        return False
    return error.is_refusal and not error.is_transient


def _general(status: int, detail: str) -> Problem:
    phrase = HTTPStatus(status).phrase
    return Problem(status, phrase.lower().replace(" ", "-"), phrase, detail)


def _invalid(fields: object) -> Problem:
    detail = "`errors` lists the fields to correct."
    return Problem(400, "invalid", "The request is not valid", detail, errors=fields)


def _by_name(detail: Any) -> Any:
    """Return a list's errors by their place in it, and all others as they are."""
    if not isinstance(detail, list):
        return detail
    if any(isinstance(entry, dict) for entry in detail):
        return {str(place): entry for place, entry in enumerate(detail) if entry}
    return {"non_field_errors": detail}


def _fields(error: ValidationError) -> dict[str, list[str]]:
    if hasattr(error, "error_dict"):
        return error.message_dict
    return {"non_field_errors": error.messages}
