"""Checks of the instance itself: synchronisation, service mode and identity."""

from __future__ import annotations

from collections.abc import Iterator

from arm.instance_state import ABSENT
from arm.request_bodies import CLASSIC, SERVERLESS
from diagnosis.context import Context
from diagnosis.findings import Finding, failed, passed, unknown
from sync.components.registry import REGISTRY


def check_sync(context: Context) -> Iterator[Finding]:
    """Compare the desired state with the observed state."""
    key, title = "azure_agrees", "Azure has the desired state"
    instance = context.instance
    if instance.missing_since is not None:
        yield failed(
            key,
            title,
            f"The instance {instance} has not existed in Azure since "
            f"{instance.missing_since:%Y-%m-%d %H:%M} UTC.",
            "Create it again, or remove it from Signalman.",
        )
    elif context.observed == ABSENT:
        yield unknown(
            key,
            title,
            "The instance has not been created yet.",
            f"Apply the plan, which creates it: manage.py apply {instance}",
        )
    elif context.observed is None:
        yield unknown(
            key,
            title,
            "The instance has not been read from Azure.",
            f"Refresh the instance: manage.py drift {instance}",
        )
    elif not REGISTRY.is_in_sync(context.desired, context.observed):
        yield failed(
            key,
            title,
            "The desired state and Azure's current state differ.",
            f"Show the differences with manage.py plan {instance}. Then apply the plan, or accept "
            "the drift.",
        )
    else:
        yield passed(key, title, "The desired state and Azure's current state are equal.")


def check_service_mode(context: Context) -> Iterator[Finding]:
    """Check that the instance is in Serverless mode, where it has upstream templates.

    Source: "Upstream endpoints", Azure SignalR Service: upstream works in Serverless mode only. In
    Classic mode the service decides for each hub by whether a hub server is connected.
    """
    if not context.effective.templates:
        return
    key, title = "service_mode", "The instance is in Serverless mode"
    mode, instance = context.instance.service_mode, context.instance
    fix = _mode_fix(context)
    if not mode:
        yield unknown(
            key,
            title,
            "The service mode has not been read from Azure.",
            f"Refresh the instance: manage.py drift {instance}",
        )
    elif mode == SERVERLESS:
        yield passed(key, title, "Azure sends events to upstream endpoints in this mode.")
    elif mode == CLASSIC:
        yield unknown(
            key,
            title,
            "It is in Classic mode. In this mode, Azure does not send the events of a hub upstream "
            "while a hub server is connected to it.",
            fix,
        )
    else:
        yield failed(
            key,
            title,
            f"It is in {mode} mode. Azure sends events to upstream endpoints only in Serverless "
            "mode, so the templates have no effect.",
            fix,
        )


def _mode_fix(context: Context) -> str:
    instance = context.instance
    if instance.desired_service_mode == SERVERLESS:
        return f"{SERVERLESS} is the desired mode. Apply the plan: manage.py apply {instance}"
    return (
        f"Change the mode: manage.py set_service_mode {instance} {SERVERLESS}, then "
        f"manage.py apply {instance}. This disconnects hub servers and clients."
    )


def check_identity(context: Context) -> Iterator[Finding]:
    """Check that the instance has an identity for its signed templates, and that it is known."""
    identity = context.effective.identity
    key, title = "identity_present", "The instance has an identity"
    if identity.type == "None":
        if context.signed:
            yield failed(
                key,
                title,
                "It has no identity, but templates use managed identity. Azure sends the requests "
                "of these templates without a token.",
                "Turn on the system-assigned identity, or add a user-assigned identity.",
            )
        else:
            yield unknown(key, title, "It has no identity, and no template requests a token.")
        return
    yield passed(key, title, f"Its identity is {identity.type}.")
    yield _principal(context)


def _principal(context: Context) -> Finding:
    key, title = "principal_known", "The identity's principal ID is known"
    principal = context.instance.identity.principal_id
    if principal is None:
        return failed(
            key,
            title,
            "Azure has not returned the identity's principal ID, so every token is refused.",
            f"Refresh the instance: manage.py drift {context.instance}",
        )
    return passed(key, title, f"The receiver accepts tokens of the principal {principal}.")
