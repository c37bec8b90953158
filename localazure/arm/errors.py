"""ARM's errors: always `{"error": {"code", "message"}}`.

Messages are those of recordings where known. Codes marked *ours* are plausible, but no recording
and no document confirms them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from starlette.responses import JSONResponse

_TROUBLESHOOT = "For more details please go to https://aka.ms/ARMResourceNotFoundFix"


class ArmError(Exception):
    """A request that fails; it becomes an ARM error body.

    `by_gateway` marks errors of ARM itself, before a resource provider receives the request.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "BadRequest"
    by_gateway: ClassVar[bool] = False

    def __init__(self, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.headers = headers

    def response(self) -> JSONResponse:
        """Return the response to the client."""
        body = {"error": {"code": self.code, "message": str(self)}}
        headers = {"x-ms-failure-cause": "gateway"} if self.by_gateway else {}
        return JSONResponse(body, self.status, headers | (self.headers or {}))


class GatewayError(ArmError):
    """A request that ARM refuses itself."""

    by_gateway = True


class Unauthenticated(GatewayError):
    """The bearer token is not valid."""

    status = 401
    code = "InvalidAuthenticationToken"


class TokenExpired(Unauthenticated):
    """The bearer token has expired."""

    code = "ExpiredAuthenticationToken"


class TokenMissing(Unauthenticated):
    """The request has no bearer token."""

    code = "AuthenticationFailed"


class Forbidden(GatewayError):
    """No role of the principal allows the action at the scope."""

    status = 403
    code = "AuthorizationFailed"

    def __init__(self, object_id: str, action: str, scope: str) -> None:
        super().__init__(
            f"The client with object id '{object_id}' does not have authorization to perform "
            f"action '{action}' over scope '{scope}' or the scope is invalid. "
            "If access was recently granted, please refresh your credentials."
        )


class LinkedForbidden(GatewayError):
    """The action is allowed, but not one that it requires on another resource."""

    status = 403
    code = "LinkedAuthorizationFailed"

    def __init__(self, object_id: str, action: str, linked_scope: str) -> None:
        super().__init__(
            f"The client with object id '{object_id}' has permission to write the resource; "
            f"however, it does not have permission to perform action(s) '{action}' on the linked "
            f"scope(s) '{linked_scope}' or the linked scope(s) are invalid."
        )


class Throttled(GatewayError):
    """The token bucket of such requests is empty (ours: the code is not recorded)."""

    status = 429
    code = "SubscriptionRequestsThrottled"

    def __init__(self, kind: str, subscription: str, seconds: int) -> None:
        super().__init__(
            f"Number of {kind} for subscription '{subscription}' exceeded. "
            f"Please try again after '{seconds}' seconds.",
            {
                "Retry-After": str(seconds),
                f"x-ms-ratelimit-remaining-subscription-{kind}": "0",
            },
        )


class ApiVersionMissing(GatewayError):
    """The request names no api-version."""

    code = "MissingApiVersionParameter"

    def __init__(self) -> None:
        super().__init__(
            "The api-version query parameter (?api-version=) is required for all requests."
        )


class ApiVersionUnknown(GatewayError):
    """The provider does not publish the api-version."""

    code = "NoRegisteredProviderFound"

    def __init__(self, version: str, provider: str, published: Iterable[str]) -> None:
        super().__init__(
            f"No registered resource provider found for API version '{version}' for type "
            f"'{provider}'. The supported api-versions are '{', '.join(sorted(published))}'."
        )


class InvalidContent(GatewayError):
    """The body does not match the type's schema."""

    code = "InvalidRequestContent"


class InvalidParameter(ArmError):
    """A value that the provider refuses (ours)."""

    code = "InvalidParameter"


class InvalidIdentity(ArmError):
    """An identity that the provider refuses (ours)."""

    code = "InvalidManagedIdentity"


class NotFound(GatewayError):
    """The resource does not exist."""

    status = 404
    code = "ResourceNotFound"

    def __init__(self, arm_id: str) -> None:
        scope, _, resource = arm_id.rpartition("/providers/")
        _, in_group, group = scope.lower().partition("/resourcegroups/")
        name = scope[len(scope) - len(group) :].split("/")[0] if in_group else "<null>"
        super().__init__(
            f"The Resource '{resource}' under resource group '{name}' was not found. "
            f"{_TROUBLESHOOT}"
        )


class GroupNotFound(GatewayError):
    """The resource group does not exist."""

    status = 404
    code = "ResourceGroupNotFound"

    def __init__(self, group: str) -> None:
        super().__init__(f"Resource group '{group}' could not be found.")


class SubscriptionNotFound(GatewayError):
    """The subscription does not exist, or the principal has no role in it."""

    status = 404
    code = "SubscriptionNotFound"

    def __init__(self, subscription: str) -> None:
        super().__init__(f"The subscription '{subscription}' could not be found.")


class OperationNotFound(ArmError):
    """No long-running operation has this name (ours)."""

    status = 404
    code = "NotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"The operation '{name}' was not found.")


class RouteNotFound(GatewayError):
    """Local Azure serves nothing under the path."""

    status = 404
    code = "InvalidResourceType"

    def __init__(self, path: str) -> None:
        super().__init__(f"The resource type could not be found for the path '{path}'.")


class InternalServerError(ArmError):
    """A defect of Local Azure; the traceback is on its standard error."""

    status = 500
    code = "InternalServerError"


class MethodNotAllowed(GatewayError):
    """Local Azure serves the path, but not with this method."""

    status = 405
    code = "MethodNotAllowed"


class Conflict(ArmError):
    """The resource's state does not allow the request."""

    status = 409
    code = "Conflict"


class Busy(Conflict):
    """Another operation is running on the resource (ours)."""

    code = "AnotherOperationInProgress"

    def __init__(self, arm_id: str) -> None:
        super().__init__(
            f"Another operation is in progress on '{arm_id}'. Try again when it has ended."
        )


class LocationFixed(Conflict):
    """A resource cannot change its location."""

    code = "InvalidResourceLocation"

    def __init__(self, name: str, current: str, requested: str) -> None:
        super().__init__(
            f"The resource '{name}' already exists in location '{current}'. A resource with the "
            f"same name cannot be created in location '{requested}'. Please select a new resource "
            "name."
        )


class NameTaken(Conflict):
    """The name is in use elsewhere in Azure (ours)."""

    code = "NameAlreadyExists"

    def __init__(self, name: str) -> None:
        super().__init__(f"The name '{name}' is already taken. Please try a different name.")
