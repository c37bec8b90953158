"""Accounts of Entra users: name and roles, updated at every sign-in."""

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
    """Return the name of a new account: the user principal name, unless it is taken.

    An account with that name belongs to another user: Entra users are identified by `oid`, because
    addresses are reassigned, and the address of a local account was never verified.
    """
    oid = str(claims["oid"])
    name = str(claims.get("preferred_username") or oid)[:_USERNAME_CHARACTERS]
    if not User.objects.filter(username__iexact=name).exists():
        return name
    return f"{name[: _USERNAME_CHARACTERS - len(oid) - 1]}.{oid}"


@transaction.atomic
def update_account(user: User, claims: Mapping[str, Any], roles: frozenset[Role]) -> None:
    """Give the account exactly these roles, and the name that Entra has.

    Groups that an installation created itself are kept. A user without a role cannot use the
    portal, in other sessions either.
    """
    ours = Group.objects.filter(name__in=list(Role))
    user.groups.remove(*ours.exclude(name__in=roles))
    user.groups.add(*ours.filter(name__in=roles))
    first, _, last = str(claims.get("name", "")).partition(" ")
    user.first_name, user.last_name = first[:_NAME_CHARACTERS], last[:_NAME_CHARACTERS]
    user.is_staff = bool(roles)
    user.save(update_fields=["first_name", "last_name", "is_staff"])
    logger.info(
        "%s signed in with Entra; roles: %s.", user.pk, ", ".join(sorted(roles)) or "no role"
    )
