"""Errors of the Key Vault data plane, which have an `innererror`.

Source: Microsoft's "Azure Key Vault REST API error codes" and recorded answers.
"""

from __future__ import annotations

from starlette.responses import JSONResponse

from localazure.arm.errors import ArmError


class VaultError(ArmError):
    """An error of the data plane; `inner` is the code of its `innererror`."""

    inner = ""

    def response(self) -> JSONResponse:
        """Return the response to the client."""
        error: dict[str, object] = {"code": self.code, "message": str(self)}
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return JSONResponse({"error": error}, status_code=self.status, headers=self.headers)


class Unauthorized(VaultError):
    """No access token, or one that is not valid here."""

    status = 401
    code = "Unauthorized"


class BadParameter(VaultError):
    """A value of the request is not valid."""

    code = "BadParameter"


class SecretNotFound(VaultError):
    """No secret of that name and version."""

    status = 404
    code = "SecretNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"A secret with (name/id) {name} was not found in this key vault. If you recently "
            "deleted this secret you may be able to recover it using the correct recovery "
            "command. For help resolving this issue, please see "
            "https://go.microsoft.com/fwlink/?linkid=2125182"
        )


class DeletedSecretNotFound(VaultError):
    """No deleted secret of that name."""

    status = 404
    code = "SecretNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"Deleted Secret not found: {name}")


class ForbiddenByPolicy(VaultError):
    """No access policy allows the operation."""

    status = 403
    code = "Forbidden"
    inner = "AccessDenied"


class ForbiddenByRbac(VaultError):
    """No role assignment allows the operation."""

    status = 403
    code = "Forbidden"
    inner = "ForbiddenByRbac"


class ForbiddenByFirewall(VaultError):
    """The vault's network rules deny the client's address."""

    status = 403
    code = "Forbidden"
    inner = "ForbiddenByFirewall"


class ForbiddenByConnection(VaultError):
    """The vault's public network access is disabled."""

    status = 403
    code = "Forbidden"
    inner = "ForbiddenByConnection"


class SecretDisabled(VaultError):
    """The secret's version is disabled."""

    status = 403
    code = "Forbidden"
    inner = "SecretDisabled"

    def __init__(self) -> None:
        super().__init__("Operation get is not allowed on a disabled secret.")


class PurgeNotAllowed(VaultError):
    """The vault has purge protection."""

    status = 403
    code = "Forbidden"
    inner = "PurgeNotAllowed"

    def __init__(self) -> None:
        super().__init__("Operation purge is not allowed: the vault has purge protection enabled.")


class DeletedButRecoverable(VaultError):
    """A deleted secret holds the name."""

    status = 409
    code = "Conflict"
    inner = "ObjectIsDeletedButRecoverable"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Secret {name} is currently in a deleted but recoverable state, and its name cannot "
            "be reused; in this state, the secret can only be recovered or purged."
        )


class SecretExists(VaultError):
    """A secret of that name exists, and a restore would overwrite it."""

    status = 409
    code = "Conflict"

    def __init__(self, name: str) -> None:
        super().__init__(f"There was a conflict restoring the secret '{name}'.")
