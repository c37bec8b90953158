"""Turns whatever went wrong under /api/ into problem details (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from rest_framework import exceptions, views
from rest_framework.response import Response

from accounts.api.problems import Problem, problem_response
from arm.errors import ArmError, CredentialRefused
from sync import errors
from sync.desired.accept_drift import NotAcceptable
from sync.desired.history import NoSuchRevision
from sync.desired.lifecycle import NotCreatable, Protected
from sync.operations.fleet_plan import StaleFleetPlan, TooMany
from sync.planning.errors import SyncError
from sync.planning.partial_plan import NoSuchChange
from sync.planning.plan import InvalidDesired
from upstreams.receiver.protocol.errors import UnknownInstance

_KEPT: Final = ("WWW-Authenticate", "Retry-After", "Allow")
# What the rooms raise: the status, the stable name, and what all of its kind have in common.
_KINDS: Final[dict[type[Exception], tuple[int, str, str]]] = {
    errors.NeverRead: (409, "never-read", "Azure was not read yet"),
    errors.NotManaged: (409, "not-managed", "Signalman may not write to the instance"),
    errors.StalePlan: (409, "stale-plan", "The plan is stale"),
    NoSuchChange: (409, "no-such-change", "Nothing differs there"),
    errors.NothingToApply: (409, "nothing-to-apply", "Azure has what is wanted"),
    errors.OperationRunning: (409, "operation-running", "Another operation is under way"),
    errors.OperationFinished: (409, "operation-finished", "The operation has ended"),
    NoSuchRevision: (409, "no-such-revision", "There is no such revision"),
    NotAcceptable: (409, "not-acceptable", "It could not work with the rest"),
    NotCreatable: (409, "not-creatable", "It cannot be made"),
    Protected: (409, "protected", "The instance is protected against deletion"),
    StaleFleetPlan: (409, "stale-plan", "The plan is stale"),
    TooMany: (409, "too-many-instances", "Too many instances at once"),
    SyncError: (409, "not-possible", "It cannot be done as things stand"),
    InvalidDesired: (409, "invalid-desired", "What is wanted cannot work"),
    UnknownInstance: (404, "not-found", "Not found"),
    ArmError: (502, "azure", "Azure did not do it"),
}


def handle_exception(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Return the answer to an exception of a view; None lets Django answer 500.

    DRF's setting EXCEPTION_HANDLER. The receiver's views keep DRF's own.
    """
    request: HttpRequest = context["request"]._request  # noqa: SLF001  DRF has no public name
    if not _is_api(request):
        return views.exception_handler(error, context)
    problem = _problem(error)
    if problem is None:
        return None
    # It rolls the request's transaction back, and gives the headers: challenge and Retry-After.
    plain = views.exception_handler(error, context)
    headers = plain.headers if isinstance(plain, Response) else {}
    kept = {
        name: value
        for name, value in headers.items()
        if name in {"WWW-Authenticate", "Retry-After"}
    }
    return problem_response(request, problem, kept)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django itself refuses."""
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    return problem_response(request, _general(400, "The request is not well formed."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django itself forbids."""
    if not _is_api(request):
        return defaults.permission_denied(request, exception)
    return problem_response(request, _general(403, "This is not allowed."))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that is none."""
    if not _is_api(request):
        return defaults.page_not_found(request, exception)
    return problem_response(request, _general(404, "There is nothing at this address."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what nobody foresaw; the log has it, by the request's id."""
    if not _is_api(request):
        return defaults.server_error(request)
    return problem_response(request, _general(500, "Something failed here. The log says what."))


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def _problem(error: Exception) -> Problem | None:
    match error:
        case Problem():
            found: Problem | None = error
        case Http404() | ObjectDoesNotExist():
            # The second: it was there when the request began.
            found = _general(404, "There is nothing of this name.")
        case PermissionDenied():
            found = _general(403, "This is not allowed.")
        case ValidationError():
            found = _invalid(_fields(error))
        case exceptions.ValidationError():
            found = _invalid(_by_name(error.detail))
        case exceptions.APIException():
            found = _general(error.status_code, str(error.detail))
        case _:
            found = _of_a_room(error)
    return found


def _of_a_room(error: Exception) -> Problem | None:
    for kind in type(error).__mro__:
        if kind in _KINDS:
            status, slug, title = _KINDS[kind]
            if _is_lasting_refusal(error):
                # Azure was asked, and refuses for good: to ask again is no use.
                status = 409
            return Problem(status, slug, title, str(error), **_extensions(error))
    return None


def _is_lasting_refusal(error: Exception) -> bool:
    """Say whether Azure refuses what was asked for, and not Signalman itself, and for good."""
    if not isinstance(error, ArmError) or isinstance(error, CredentialRefused):
        return False
    return error.is_refusal and not error.is_transient


def _extensions(error: Exception) -> dict[str, object]:
    """Return what lets a client go on: the present plan's digest, or the operation in its way."""
    if isinstance(error, errors.StalePlan | StaleFleetPlan):
        return {"digest": error.plan.digest}
    if isinstance(error, errors.OperationRunning):
        return {"operation": str(error.operation.pk)}
    return {}


def _general(status: int, detail: str) -> Problem:
    phrase = HTTPStatus(status).phrase
    return Problem(status, phrase.lower().replace(" ", "-"), phrase, detail)


def _invalid(fields: object) -> Problem:
    detail = "See `errors` for what to change."
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
