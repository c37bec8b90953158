"""The token inspector: every check of one token, as the receiver makes it.

The token is not logged, stored or returned.
"""

from __future__ import annotations

from upstreams.receiver.authentication.policies import policies
from upstreams.receiver.protocol.requests import Category, Route
from validation.configuration import validator
from validation.verdict import Verdict


def inspect_token(
    token: str, instance: str, *, hub: str, category: Category, event: str
) -> Verdict:
    """Return the verdict on `token` for an event of `instance`.

    A leading `Bearer ` is ignored, for that is how tokens are copied. Raises UnknownInstance.
    """
    route = Route(hub=hub, category=category, event=event, connection_id="")
    policy = policies.get(instance).token_policy(route)
    bare = token.strip()
    if bare[:7].lower() == "bearer ":
        bare = bare[7:].lstrip()
    return validator().inspect(bare, policy)
