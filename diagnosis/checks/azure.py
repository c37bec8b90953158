"""Does Azure have what is wanted, and does the instance have an identity that can sign?"""

from __future__ import annotations

from collections.abc import Iterator

from arm.state import ABSENT
from diagnosis.context import Subject
from diagnosis.findings import Finding, failed, passed, unknown
from sync.planning.components import is_in_sync


def check_azure(subject: Subject) -> Iterator[Finding]:
    """Compare what is wanted with what Azure last answered."""
    key, title = "azure_agrees", "Azure has what is wanted"
    instance = subject.instance
    if instance.missing_since is not None:
        yield failed(
            key,
            title,
            f"Azure has had no instance {instance} since {instance.missing_since:%Y-%m-%d %H:%M}.",
            "Create it again, or remove it from Signalman.",
        )
    elif subject.observed == ABSENT:
        yield unknown(
            key, title, "The instance is not made yet.", f"manage.py apply {instance} makes it."
        )
    elif subject.observed is None:
        yield unknown(key, title, "Azure was never asked.", f"manage.py drift {instance}")
    elif not is_in_sync(subject.desired, subject.observed):
        yield failed(
            key,
            title,
            "What is wanted and what Azure has differ.",
            f"manage.py plan {instance} shows how; apply it, or accept what Azure has.",
        )
    else:
        yield passed(key, title, "Identity and upstream templates are equal.")


def check_identity(subject: Subject) -> Iterator[Finding]:
    """See that signed templates have an identity, and that its principal is known."""
    identity = subject.effective.identity
    key, title = "identity_present", "The instance has an identity"
    if identity.type == "None":
        if subject.signed:
            yield failed(
                key,
                title,
                "It has none, but templates are signed: Azure sends their events without a token.",
                "Switch the system-assigned identity on, or add a user-assigned one.",
            )
        else:
            yield unknown(key, title, "It has none, and no template asks for a token.")
        return
    yield passed(key, title, f"Its identity is {identity.type}.")
    yield _principal(subject)


def _principal(subject: Subject) -> Finding:
    key, title = "principal_known", "The identity's principal is known"
    principal = subject.instance.identity.principal_id
    if principal is None:
        return failed(
            key,
            title,
            "Azure has not said which principal signs; every token is refused.",
            f"manage.py drift {subject.instance} asks again.",
        )
    return passed(key, title, f"Tokens are accepted from the principal {principal}.")
