"""What Entra says of somebody becomes an account's role, at every sign-in."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from django.contrib.auth.models import Group, User
from django.db import transaction

from accounts.roles import Role

_USERNAME_CHARACTERS: Final = 150
_NAME_CHARACTERS: Final = 150

logger = logging.getLogger(__name__)


def free_username(claims: Mapping[str, Any]) -> str:
    """Return the name of a new account: the user principal name, unless somebody has it.

    Who has it is somebody else, whatever the names say: people are known by `oid`, because an
    address can be given to another person, and a local account's was never proved.
    """
    oid = str(claims["oid"])
    name = str(claims.get("preferred_username") or oid)[:_USERNAME_CHARACTERS]
    if not User.objects.filter(username__iexact=name).exists():
        return name
    return f"{name[: _USERNAME_CHARACTERS - len(oid) - 1]}.{oid}"


@transaction.atomic
def bring_up_to_date(user: User, claims: Mapping[str, Any], roles: frozenset[Role]) -> None:
    """Give the account exactly these of our groups, and the name that Entra has.

    Groups that an installation made itself stay. Who has no role is not let into the portal, and
    loses what other sessions of his could do.
    """
    ours = Group.objects.filter(name__in=list(Role))
    user.groups.remove(*ours.exclude(name__in=roles))
    user.groups.add(*ours.filter(name__in=roles))
    first, _, last = str(claims.get("name", "")).partition(" ")
    user.first_name, user.last_name = first[:_NAME_CHARACTERS], last[:_NAME_CHARACTERS]
    user.is_staff = bool(roles)
    user.save(update_fields=["first_name", "last_name", "is_staff"])
    logger.info("%s signs in with Entra as: %s.", user.pk, ", ".join(sorted(roles)) or "nobody")
