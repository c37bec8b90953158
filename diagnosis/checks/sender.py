"""Whether the service lets this project's hubs send: their credential, and its role.

An instance that nothing is configured to send to, and that no hub was seen to send to, has no
finding, unless sends were refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from arm.instance_network import InstanceNetwork
from arm.roles import REST_API_OWNER, SENDING_ROLES
from diagnosis.context import Context
from diagnosis.findings import Finding, failed, passed, unknown
from sync.inventory.sender_access import SenderAccess

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
    key, title = "sender_network", "The instance's network rules allow calls of its REST API"
    if context.instance.network is None:
        return unknown(key, title, "Its network rules have not been read.", _refresh(context))
    network = InstanceNetwork(**context.instance.network)
    fix = "Allow RESTAPI on the public network in the instance's network access control."
    if network.allows_rest_api and not network.has_address_rules:
        return passed(key, title, "They allow it on the public network.")
    if network.allows_rest_api:
        return unknown(
            key,
            title,
            "They allow it for some addresses of the public network only.",
            "Check that they include the addresses from which hubs send.",
        )
    if network.has_private_endpoint:
        return unknown(
            key,
            title,
            "They allow it through its private endpoint only: the public network returns 403.",
            f"Check that its host name resolves to the private endpoint where hubs run. Or: {fix}",
        )
    return failed(
        key,
        title,
        "They do not allow it on the public network, and the instance has no private endpoint: "
        "each call returns 403, whatever role its credential has.",
        fix,
    )


def _refused(context: Context) -> Iterator[Finding]:
    refused, access = context.failed.get("send_forbidden", 0), context.sender_access
    if not refused or _is_granted_since(context):
        return
    look = f"To check it here, set SIGNALMAN_DEFAULT_INSTANCE={context.instance}."
    if context.sender_activity is not None:
        look = f"{_refresh(context)}." if access is None else ""
    yield failed(
        "sender_refused",
        "The service accepts what handlers send",
        f"It refused the credential in {refused} "
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
    return _without_role(context, access, read)


def _without_role(context: Context, access: SenderAccess, read: str) -> Finding:
    """Return the finding on a principal without a built-in role that allows sending."""
    key, title, activity = "sender_role", _ROLE_TITLE, context.sender_activity
    if access.has_other_roles:
        return unknown(
            key,
            title,
            f"The principal {access.principal_id} has no built-in role that allows it, {read}, and "
            "a role whose permissions are not known, such as a custom role.",
            f"Unless that role allows it: {_command(context)}",
        )
    if activity is not None and activity.has_sent_since_refusal:
        return unknown(
            key,
            title,
            f"No role on the instance or above it allows the principal {access.principal_id} to "
            f"send, {read}. The service accepted a call of a hub at "
            f"{activity.sent_at:%Y-%m-%d %H:%M} UTC, which another principal may have sent.",
            "Set SIGNALMAN_SENDER_PRINCIPAL_ID to the object ID of the credential that hubs send "
            "with.",
        )
    return failed(
        key,
        title,
        f"No role on the instance or above it allows the principal {access.principal_id} to send, "
        f"{read}. Owner and Contributor do not. The service returns 403.",
        _assign(context),
    )


def _assign(context: Context) -> str:
    """Return how to assign the role: through a plan, or with `az`."""
    instance, access = context.instance, context.sender_access
    desired = {principal_id for principal_id, _ in instance.desired_senders or ()}
    if access and str(access.principal_id) in desired:
        return f"The plan assigns it the role {_ROLE}: manage.py apply {instance}"
    return (
        f"Assign it the role {_ROLE} through a plan: manage.py set_senders {instance} --add-own, "
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
