"""Actors: the name of each kind of caller."""

from __future__ import annotations

import os
from typing import Any, cast
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User

from accounts.actor import Actor
from accounts.authentication import Application


def test_user_is_named_and_kept() -> None:
    ada = User(username="ada")
    assert Actor.of(ada) == Actor("ada", ada)


def test_application_is_named_by_object_id() -> None:
    caller = Application(tenant_id="t", object_id="o-1", client_id="c", claims=cast("Any", {}))
    assert Actor.of(caller) == Actor("application o-1")


@pytest.mark.parametrize("error", [KeyError("uid"), OSError("no name")])
def test_account_without_name_is_numbered(error: Exception) -> None:
    with patch("getpass.getuser", side_effect=error):
        assert str(Actor.of_command()) == f"uid {os.getuid()}"
