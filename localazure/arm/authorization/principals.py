"""The principals that a role can be assigned to, and their types."""

from __future__ import annotations

from localazure.arm import errors
from localazure.world import World

TYPES = ("User", "Group", "ServicePrincipal", "ForeignGroup", "Device")


class PrincipalNotFound(errors.ArmError):
    """The directory has no such principal; the message is recorded."""

    code = "PrincipalNotFound"

    def __init__(self, object_id: str, tenant_id: str) -> None:
        super().__init__(
            f"Principal {object_id.replace('-', '')} does not exist in the directory {tenant_id}. "
            "Check that you have the correct principal ID. If you are creating this principal and "
            "then immediately assigning a role, this error might be related to a replication "
            "delay. In this case, set the role assignment principalType property to a value, such "
            "as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype"
        )


class UnmatchedPrincipalType(errors.ArmError):
    """The principal has another type than the request names."""

    code = "UnmatchedPrincipalType"

    def __init__(self, object_id: str, actual: str, given: str) -> None:
        super().__init__(
            f"The PrincipalId '{object_id.replace('-', '')}' has type '{actual}' , which is "
            f"different from specified PrinciaplType '{given}'."
        )


def principal_type(world: World, object_id: str, given: str | None) -> str:
    """Return the type of a principal.

    Without `given` the principal has to exist in the directory; with it, an unknown principal is
    accepted, as in Azure, where a new one may not be replicated yet. While replication is delayed
    (`POST /_local/directory`), no principal is found. Raises PrincipalNotFound,
    UnmatchedPrincipalType.
    """
    actual = type_of(world, object_id)
    if world.replication_delay and given not in TYPES:
        world.replication_delay -= 1
        actual = None
    if actual is None:
        if given not in TYPES:
            raise PrincipalNotFound(object_id, world.directory.tenant_id)
        return given
    if given and given != actual:
        raise UnmatchedPrincipalType(object_id, actual, given)
    return actual


def type_of(world: World, object_id: str) -> str | None:
    """Return the type of a principal of the directory; None where it does not exist."""
    # Imported late: the list of service principals reads resource providers.
    from localazure.entra.directory.service_principals import service_principals  # noqa: PLC0415

    if world.directory.find_user(object_id):
        return "User"
    if world.directory.find_group(object_id):
        return "Group"
    ids = {one["id"].lower() for one in service_principals(world)}
    return "ServicePrincipal" if object_id.lower() in ids else None
