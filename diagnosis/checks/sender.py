"""Whether the service lets this project's hubs send: their credential, and its role.

An instance that nothing is configured to send to, and that no hub was seen to send to, has no
finding, unless sends were refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from arm.instance_network import InstanceNetwork
from arm.role_assignments import REST_API_OWNER, SENDING_ROLES
from diagnosis.context import Context
from diagnosis.findings import Finding, failed, passed, unknown
from sync.inventory.sender_role import SenderAccess

_ROLE: Final = SENDING_ROLES[REST_API_OWNER]
_ROLE_TITLE: Final = "The credential of the hubs may send messages through the instance"
# Source: "Authorize access with Microsoft Entra ID for Azure SignalR Service".
_PROPAGATION: Final = timedelta(minutes=30)
_UNKNOWN_PRINCIPAL: Final = "<object ID of the hubs' credential>"


def check_sender(context: Context) -> Iterator[Finding]:
    """Check what hubs send with: an access key, or a token and its role on the instance."""
    if context.instance.missing_since is not None:
        return
    if context.sender_problem:
        yield unknown(
            "sender_role",
            _ROLE_TITLE,
            f"The credential of the hubs is not known. {context.sender_problem}",
            "Correct the setting.",
        )
    elif context.sender_credential == "access_key":
        yield _access_key(context)
        yield _network(context)
    elif context.sender_credential == "entra":
        yield _entra(context)
        yield _role(context)
        yield _network(context)
    else:
        if context.sender_activity is not None:
            # A handler sends to the instance of its request, which no setting names.
            yield _entra(context)
            yield _role(context)
            yield _network(context)
        yield from _refused(context)


def _network(context: Context) -> Finding:
    """Check that the network rules allow the REST API. Source: azure-signalr#1704."""
    key, title = (
        "sender_network",
        "The network rules of the instance allow requests to its REST API",
    )
    if context.instance.network is None:
        return unknown(
            key,
            title,
            "The network rules of the instance have not been read.",
            _refresh(context),
        )
    network = InstanceNetwork(**context.instance.network)
    fix = "Allow RESTAPI on the public network in the instance's network access control."
    if network.allows_rest_api and not network.has_address_rules:
        return passed(key, title, "The rules allow the REST API on the public network.")
    if network.allows_rest_api:
        return unknown(
            key,
            title,
            "The rules allow the REST API only for some addresses of the public network.",
            "Check that these addresses include those from which hubs send.",
        )
    if network.has_private_endpoint:
        return unknown(
            key,
            title,
            "The rules allow the REST API only through the private endpoint. Requests from the "
            "public network get 403.",
            "Check that the host name of the instance resolves to the private endpoint where hubs "
            f"run. Or: {fix}",
        )
    return failed(
        key,
        title,
        "The rules do not allow the REST API on the public network, and the instance has no "
        "private endpoint. Every call returns 403, regardless of the credential's role.",
        fix,
    )


def _refused(context: Context) -> Iterator[Finding]:
    refused, access = context.failed.get("send_forbidden", 0), context.sender_access
    if not refused or _is_granted_since(context):
        return
    look = f"To check the role here, set SIGNALMAN_DEFAULT_INSTANCE={context.instance}."
    if context.sender_activity is not None:
        look = f"{_refresh(context)}." if access is None else ""
    yield failed(
        "sender_refused",
        "The service accepts the messages that handlers send",
        f"The service refused the credential in {refused} "
        f"deliver{'y' if refused == 1 else 'ies'} in the last hour.",
        f"{_assign(context)}. {look}".strip(),
    )


def _is_granted_since(context: Context) -> bool:
    """Return whether a call was accepted, or the role assigned, after the last refusal."""
    activity, access = context.sender_activity, context.sender_access
    if activity is None or activity.refused_at is None:
        return False
    assigned = access.assigned_at if access is not None and access.role else None
    is_assigned = assigned is not None and assigned > activity.refused_at
    return is_assigned or activity.has_sent_since_refusal


def _access_key(context: Context) -> Finding:
    key, title = "sender_access_key", "The instance accepts the access key of the hubs"
    is_disabled = context.instance.is_local_auth_disabled
    if is_disabled is None:
        return unknown(
            key, title, "Whether access keys are enabled has not been read.", _refresh(context)
        )
    if is_disabled:
        return failed(
            key,
            title,
            "SIGNALMAN_CONNECTION_STRINGS_FILE has an access key of the instance, but access keys "
            "are disabled (disableLocalAuth is true).",
            "Remove the instance's access key from the file, and assign the role to the "
            f"credential: {_command(context)}",
        )
    return passed(key, title, "Access keys are enabled (disableLocalAuth is false).")


def _entra(context: Context) -> Finding:
    key, title = (
        "sender_entra",
        "The instance accepts the Microsoft Entra tokens of the hubs",
    )
    is_disabled = context.instance.is_entra_auth_disabled
    if is_disabled is None:
        return unknown(
            key,
            title,
            "Whether Microsoft Entra authentication is enabled has not been read.",
            _refresh(context),
        )
    if is_disabled:
        return failed(
            key,
            title,
            "Microsoft Entra authentication is disabled (disableAadAuth is true).",
            "Set disableAadAuth to false on the instance.",
        )
    return passed(
        key, title, "Microsoft Entra authentication is enabled (disableAadAuth is false)."
    )


def _role(context: Context) -> Finding:
    key, title = "sender_role", _ROLE_TITLE
    access = context.sender_access
    if access is None:
        return unknown(
            key,
            title,
            "The role assignments of the credential have not been read.",
            _refresh(context),
        )
    read = f"as of {access.read_at:%Y-%m-%d %H:%M} UTC"
    if access.problem:
        return unknown(
            key,
            title,
            f"The role assignments of the credential could not be read, {read}. {access.problem}",
            "Assign Signalman's credential a role with "
            f"Microsoft.Authorization/roleAssignments/read on the instance, such as Reader. Then "
            f"refresh the instance: manage.py drift {context.instance}",
        )
    if access.role:
        acts_from = access.assigned_at and access.assigned_at + _PROPAGATION
        if acts_from and context.now < acts_from:
            return unknown(
                key,
                title,
                f"The principal {access.principal_id} has the role {access.role}. The role "
                f"assignment takes effect by {acts_from:%Y-%m-%d %H:%M} UTC.",
            )
        return passed(
            key, title, f"The principal {access.principal_id} has the role {access.role}, {read}."
        )
    return _without_role(context, access, read)


def _without_role(context: Context, access: SenderAccess, read: str) -> Finding:
    """Return the finding on a principal without a built-in role that allows sending."""
    key, title, activity = "sender_role", _ROLE_TITLE, context.sender_activity
    if access.has_other_roles:
        return unknown(
            key,
            title,
            f"The principal {access.principal_id} has no built-in role that allows sending, "
            f"{read}. It has another role whose permissions Signalman does not know, such as a "
            "custom role.",
            f"If that role does not allow sending, assign one that does: {_command(context)}",
        )
    if activity is not None and activity.has_sent_since_refusal:
        return unknown(
            key,
            title,
            f"No role on the instance or above it allows the principal {access.principal_id} to "
            f"send, {read}. But the service accepted a call of a hub at "
            f"{activity.sent_at:%Y-%m-%d %H:%M} UTC. Another principal may have sent it.",
            "Set SIGNALMAN_SENDER_PRINCIPAL_ID to the object ID of the hubs' credential.",
        )
    return failed(
        key,
        title,
        f"No role on the instance or above it allows the principal {access.principal_id} to send, "
        f"{read}. The roles Owner and Contributor do not allow it. The service returns 403.",
        _assign(context),
    )


def _assign(context: Context) -> str:
    """Return how to assign the role: through a plan, or with `az`."""
    instance, access = context.instance, context.sender_access
    desired = {principal_id for principal_id, _ in instance.desired_senders or ()}
    if access and str(access.principal_id) in desired:
        return f"Apply the plan, which assigns the role {_ROLE}: manage.py apply {instance}"
    return (
        f"Assign the role {_ROLE} with a plan: manage.py set_senders {instance} --add-own, "
        f"then manage.py apply {instance}. Or with az: {_command(context)}"
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
