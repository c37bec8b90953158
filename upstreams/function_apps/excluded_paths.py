"""Paths that a Function App excludes from authentication. Free of Django."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from arm.function_apps.authentication import FunctionAppAuth

# Placeholders that the service replaces.
_PARAMETER: Final = re.compile(r"\{(?:hub|category|event)\}")


def refuses_unsigned(auth: FunctionAppAuth, url_template: str) -> bool:
    """Return whether an app with `auth` certainly refuses a request without a token at a URL."""
    if auth.is_from_file or auth.is_open:
        return False
    return not any(may_fall_under(each, url_template) for each in auth.excluded_paths)


def may_fall_under(excluded: str, url_template: str) -> bool:
    """Return whether an event may be sent to a path that is excluded from authentication.

    A placeholder stands for any one segment, and a final `*` of the path for any rest. Whether
    App Service compares case and a final slash is not documented: both are ignored here, so that a
    path that may be excluded is reported.
    """
    try:
        path = urlsplit(url_template).path
    except ValueError:
        return False
    pattern = "[^/]+".join(re.escape(part) for part in _PARAMETER.split(path.rstrip("/")))
    if not excluded.endswith("*"):
        return re.fullmatch(pattern, excluded.rstrip("/"), re.IGNORECASE) is not None
    start, fixed = excluded[:-1].lower(), _PARAMETER.split(path)[0].lower()
    return fixed.startswith(start) or (start.startswith(fixed) and fixed != path.lower())
