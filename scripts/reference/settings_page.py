"""The page of settings, from `config.environment_variables`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Final

from config.environment_variables import SECTIONS
from config.environment_variables.variable import External, Variable
from scripts.reference.markdown import code, generated, text

# What a parser of `config.environment_variables` accepts.
_TYPES: Final = {
    "text": "text",
    "required_text": "text, not empty",
    "flag": "`true` or `false`",
    "whole_number": "whole number",
    "positive_number": "number above 0",
    "non_negative_number": "number of at least 0",
    "words": "list, separated by commas",
    "apps": "list of Python packages, separated by commas",
    "hosts": "host names, separated by commas",
    "optional_hosts": "host names, separated by commas",
    "hosts_with_ports": "host names with or without a port, separated by commas",
    "origins": "origins with a scheme, separated by commas",
    "networks": "networks in CIDR notation, separated by commas",
    "https_origin": "https address without a path",
    "optional_url": "URL",
    "endpoint_template": "https address",
    "optional_endpoint_template": "https address",
    "issuer": "https address",
    "tenant_issuer": "https address that contains `{tenant_id}`",
    "optional_uuid": "UUID",
    "database": "URL",
    "cache": "URL",
    "broker": "URL",
}


def page() -> str:
    """Return the text of the page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield from generated(
        "Settings",
        "`config/environment_variables/`",
        "Signalman reads its settings from environment variables. If a variable is not set, it "
        "reads the file `.env` next to `manage.py`. Values are used as written; `$` has no special "
        "meaning. `manage.py check` lists the variables that have invalid values.",
    )
    for title, entries in SECTIONS.items():
        yield f"## {title}\n"
        for entry in entries:
            yield f"### {entry.name}\n"
            yield f"{text(entry.help)}\n"
            yield f"*Type:* {_type(entry)}. *Default:* {_default(entry)}.\n"


def _type(entry: Variable[Any] | External) -> str:
    if isinstance(entry, External):
        return "read by a library"
    name = entry.parse.__qualname__.partition(".")[0]
    closure = inspect.getclosurevars(entry.parse).nonlocals
    if name == "choice":
        return " or ".join(f"`{word}`" for word in closure["allowed"])
    if closure.get("minimum"):
        return f"whole number of at least {closure['minimum']}"
    return _TYPES[name]


def _default(entry: Variable[Any] | External) -> str:
    if isinstance(entry, External) or entry.default in (None, "", []):
        return f"none; for example {code(entry.example)}" if entry.example else "none"
    if isinstance(entry.default, bool):
        return code(str(entry.default).lower())
    if isinstance(entry.default, list):
        return code(",".join(entry.default))
    if isinstance(entry.default, float):
        return code(f"{entry.default:g}")
    return code(entry.example or str(entry.default))
