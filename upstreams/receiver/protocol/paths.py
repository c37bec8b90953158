"""The receiver's addresses, as `config.urls` and `upstreams.receiver.serving.urls` have them.

What follows `/upstream/<instance>/` is the operator's to choose, and may be secret.
"""

from __future__ import annotations

import re
from typing import Final

from validation.verdict import shown

ROOT: Final = "/upstream/"
_ADDRESS: Final = re.compile(rf"{ROOT}([^/]+)/")
# Slashes up to the end of /upstream/<instance>/.
_SLASHES: Final = ROOT.count("/") + 1


def instance_of(path: str) -> str | None:
    """Return the instance's name in a decoded path, or None where it is not the receiver's."""
    found = _ADDRESS.match(path)
    return None if found is None else found[1]


def rest_of(path: str) -> str:
    """Return what follows the instance's name in a decoded path of the receiver's."""
    return path.split("/", _SLASHES)[_SLASHES]


def shown_path(path: str) -> str:
    """Return a path up to the instance's name, fit for a log."""
    return shown("/".join(path.split("/")[:_SLASHES]) + "/")
