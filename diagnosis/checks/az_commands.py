"""Commands of the Azure CLI that name an app, for fixes."""

from __future__ import annotations

from upstreams.models import FunctionApp


def az(app: FunctionApp, command: str, options: str = "") -> str:
    """Return a command of the group for the kind of app, with the options that name it or its slot.

    `command` is without its group, such as `start`; `options` are further ones.
    """
    group = "webapp" if app.is_web_app else "functionapp"
    resource, _, slot = app.arm_id.partition("/slots/")
    parts = [
        f"az {group} {command} --name {resource.rpartition('/')[2]}",
        f"--resource-group {app.arm_id.split('/')[4]}",
        f"--slot {slot}" if slot else "",
        options,
    ]
    return " ".join(filter(None, parts))
