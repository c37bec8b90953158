"""ARM's errors: always `{"error": {"code", "message"}}`.

Codes marked *ours* are plausible and not known to be the real service's: no recording has them.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import JSONResponse


class ArmError(Exception):
    """A refusal that becomes an ARM error body."""

    status = 400
    code = "BadRequest"

    def __init__(self, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.headers = headers

    def response(self) -> JSONResponse:
        """Return the answer that a client gets."""
        body = {"error": {"code": self.code, "message": str(self)}}
        return JSONResponse(body, status_code=self.status, headers=self.headers)


class Unauthenticated(ArmError):
    """No bearer token, or one that does not hold."""

    status = 401
    code = "InvalidAuthenticationToken"


class TokenExpired(Unauthenticated):
    """A bearer token whose time is over."""

    code = "ExpiredAuthenticationToken"


class TokenMissing(Unauthenticated):
    """No bearer token."""

    code = "AuthenticationFailed"


class Forbidden(ArmError):
    """No role of the principal allows the action at the scope."""

    status = 403
    code = "AuthorizationFailed"

    def __init__(self, object_id: str, action: str, scope: str) -> None:
        super().__init__(
            f"The client with object id '{object_id}' does not have authorization to perform "
            f"action '{action}' over scope '{scope}' or the scope is invalid. "
            "If access was recently granted, please refresh your credentials."
        )


class LinkedForbidden(ArmError):
    """The action is allowed, but not one that it entails on another resource."""

    status = 403
    code = "LinkedAuthorizationFailed"

    def __init__(self, object_id: str, action: str, linked_scope: str) -> None:
        super().__init__(
            f"The client with object id '{object_id}' has permission to write the resource; "
            f"however, it does not have permission to perform action(s) '{action}' on the linked "
            f"scope(s) '{linked_scope}' or the linked scope(s) are invalid."
        )


class Throttled(ArmError):
    """The bucket of such requests is empty (code from memory, not from a recording)."""

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


class ApiVersionMissing(ArmError):
    """Every request names its api-version."""

    code = "MissingApiVersionParameter"

    def __init__(self) -> None:
        super().__init__(
            "The api-version query parameter (?api-version=) is required for all requests."
        )


class ApiVersionUnknown(ArmError):
    """The provider does not have that version."""

    code = "NoRegisteredProviderFound"

    def __init__(self, version: str, provider: str, known: Iterable[str]) -> None:
        super().__init__(
            f"No registered resource provider found for API version '{version}' for type "
            f"'{provider}'. The supported api-versions are '{', '.join(sorted(known))}'."
        )


class InvalidContent(ArmError):
    """The body is not what the type's schema says."""

    code = "InvalidRequestContent"


class InvalidParameter(ArmError):
    """A value that the provider refuses (ours)."""

    code = "InvalidParameter"


class InvalidIdentity(ArmError):
    """An identity that the provider refuses (ours)."""

    code = "InvalidManagedIdentity"


class NotFound(ArmError):
    """No resource of that id."""

    status = 404
    code = "ResourceNotFound"

    def __init__(self, arm_id: str) -> None:
        group, _, resource = arm_id.partition("/providers/")
        super().__init__(
            f"The Resource '{resource}' under resource group '{group.rsplit('/', 1)[-1]}' "
            "was not found."
        )


class GroupNotFound(ArmError):
    """No resource group of that name."""

    status = 404
    code = "ResourceGroupNotFound"

    def __init__(self, group: str) -> None:
        super().__init__(f"Resource group '{group}' could not be found.")


class SubscriptionNotFound(ArmError):
    """No subscription of that id, or none that the principal may see."""

    status = 404
    code = "SubscriptionNotFound"

    def __init__(self, subscription: str) -> None:
        super().__init__(f"The subscription '{subscription}' could not be found.")


class OperationNotFound(ArmError):
    """No long-running operation of that name."""

    status = 404
    code = "NotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"The operation '{name}' was not found.")


class RouteNotFound(ArmError):
    """Nothing is served under that path."""

    status = 404
    code = "InvalidResourceType"

    def __init__(self, path: str) -> None:
        super().__init__(f"The resource type could not be found for the path '{path}'.")


class InternalServerError(ArmError):
    """A mistake of Local Azure's own; the traceback is on its standard error."""

    status = 500
    code = "InternalServerError"


class MethodNotAllowed(ArmError):
    """The path is served, the method is not."""

    status = 405
    code = "MethodNotAllowed"


class Conflict(ArmError):
    """The resource's state stands in the way."""

    status = 409
    code = "Conflict"


class Busy(Conflict):
    """Another operation runs on the resource (ours)."""

    code = "AnotherOperationInProgress"

    def __init__(self, arm_id: str) -> None:
        super().__init__(
            f"Another operation is in progress on '{arm_id}'. Try again when it has ended."
        )


class LocationFixed(Conflict):
    """A resource does not move."""

    code = "InvalidResourceLocation"

    def __init__(self, name: str, held: str, asked: str) -> None:
        super().__init__(
            f"The resource '{name}' already exists in location '{held}'. A resource with the same "
            f"name cannot be created in location '{asked}'. Please select a new resource name."
        )


class NameTaken(Conflict):
    """The name is in use somewhere in Azure (ours)."""

    code = "NameAlreadyExists"

    def __init__(self, name: str) -> None:
        super().__init__(f"The name '{name}' is already taken. Please try a different name.")
