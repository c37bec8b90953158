"""Whether the service lets this project's hubs send: their credential, and its role.

An instance that nothing is configured to send to has no finding, unless sends were refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from arm.roles import REST_API_OWNER, SENDING_ROLES
from diagnosis.context import Context
from diagnosis.findings import Finding, failed, passed, unknown

_ROLE: Final = SENDING_ROLES[REST_API_OWNER]
_ROLE_TITLE: Final = "The credential that hubs send with may send to the instance"
# Source: "Authorize access with Microsoft Entra ID for Azure SignalR Service".
_PROPAGATION: Final = timedelta(minutes=30)
_UNKNOWN_PRINCIPAL: Final = "<object ID of the credential that hubs send with>"


def check_sender(context: Context) -> Iterator[Finding]:
    """Check what hubs send with: an access key, or a token and its role on the instance."""
    if context.instance.missing_since is not None:
        return
    if context.sender_problem:
        yield unknown(
            "sender_role",
            _ROLE_TITLE,
            f"The credential that hubs send with is not known. {context.sender_problem}",
            "Correct the setting.",
        )
    elif context.sender_credential == "access_key":
        yield _access_key(context)
    elif context.sender_credential == "entra":
        yield _entra(context)
        yield _role(context)
    elif refused := context.failed.get("send_forbidden", 0):
        yield failed(
            "sender_refused",
            "The service accepts what handlers send",
            f"It refused the credential in {refused} "
            f"deliver{'y' if refused == 1 else 'ies'} in the last hour.",
            f"Assign it the role: {_command(context)}. To check it here, set "
            f"SIGNALMAN_DEFAULT_INSTANCE={context.instance}.",
        )


def _access_key(context: Context) -> Finding:
    key, title = "sender_access_key", "The instance accepts access keys, with which hubs send"
    is_disabled = context.instance.is_local_auth_disabled
    if is_disabled is None:
        return unknown(
            key, title, "Whether they are disabled has not been read.", _refresh(context)
        )
    if is_disabled:
        return failed(
            key,
            title,
            "SIGNALMAN_CONNECTION_STRINGS_FILE has an access key of the instance, and access keys "
            "are disabled (disableLocalAuth).",
            "Remove the instance's access key from the file, and assign the credential the role: "
            f"{_command(context)}",
        )
    return passed(key, title, "Access keys are enabled (disableLocalAuth is false).")


def _entra(context: Context) -> Finding:
    key, title = (
        "sender_entra",
        "The instance accepts the Microsoft Entra tokens that hubs send with",
    )
    is_disabled = context.instance.is_entra_auth_disabled
    if is_disabled is None:
        return unknown(
            key, title, "Whether they are disabled has not been read.", _refresh(context)
        )
    if is_disabled:
        return failed(
            key,
            title,
            "Microsoft Entra authentication is disabled (disableAadAuth).",
            "Set disableAadAuth to false on the instance.",
        )
    return passed(key, title, "They are enabled (disableAadAuth is false).")


def _role(context: Context) -> Finding:
    key, title = "sender_role", _ROLE_TITLE
    access = context.sender_access
    if access is None:
        return unknown(
            key,
            title,
            "Its role assignments have not been read.",
            _refresh(context),
        )
    read = f"as of {access.read_at:%Y-%m-%d %H:%M} UTC"
    if access.problem:
        return unknown(
            key,
            title,
            f"Its role assignments could not be read, {read}. {access.problem}",
            "Grant Signalman's credential Microsoft.Authorization/roleAssignments/read on the "
            f"instance, such as by the role Reader. Then refresh: manage.py drift "
            f"{context.instance}",
        )
    if access.role:
        acts_from = access.assigned_at and access.assigned_at + _PROPAGATION
        if acts_from and context.now < acts_from:
            return unknown(
                key,
                title,
                f"The principal {access.principal_id} has the role {access.role}, which takes "
                f"effect by {acts_from:%Y-%m-%d %H:%M} UTC.",
            )
        return passed(
            key, title, f"The principal {access.principal_id} has the role {access.role}, {read}."
        )
    if access.has_other_roles:
        return unknown(
            key,
            title,
            f"The principal {access.principal_id} has no built-in role that allows it, {read}, and "
            "a role whose permissions are not known, such as a custom role.",
            f"Unless that role allows it: {_command(context)}",
        )
    return failed(
        key,
        title,
        f"No role on the instance or above it allows the principal {access.principal_id} to send, "
        f"{read}. Owner and Contributor do not. The service returns 403.",
        f"Assign it the role {_ROLE}: {_command(context)}",
    )


def _refresh(context: Context) -> str:
    return f"Refresh from Azure: manage.py drift {context.instance}"


def _command(context: Context) -> str:
    access = context.sender_access
    principal = access.principal_id if access and access.principal_id else _UNKNOWN_PRINCIPAL
    return (
        f"az role assignment create --assignee-object-id {principal} "
        f'--role "{_ROLE}" --scope {context.instance.arm_id}'
    )
