"""The order of the steps of a plan."""

from __future__ import annotations

from enum import IntEnum


class Order(IntEnum):
    """The place of a step in a plan. Steps are sorted by it.

    An identity exists before a grant or a signed template uses it; a grant exists before the
    template that needs it; templates stop using an identity before it is removed.
    """

    EXISTENCE = 0
    BEFORE_IDENTITY = 10
    IDENTITY = 20
    AFTER_IDENTITY = 30
    BEFORE_TEMPLATES = 35
    TEMPLATES = 40
    AFTER_TEMPLATES = 45
    REMOVE_IDENTITY = 50
