"""python -m benchmarks.receiver.scenarios.instances NAME NUMBER [FIRST]: copy an instance's rows.

The copies are numbered from FIRST on, by default from 0. Prints a list of `[path, claims]`: the
path that each receives at, and the claims of its tokens.
"""

from __future__ import annotations

import json
import os
import sys
import uuid

import django


def main(name: str, number: int, first: int = 0) -> None:
    """Copy the instance, its identity, its templates and its observed state."""
    from identities.models import ManagedIdentity, SignalRInstance  # noqa: PLC0415
    from upstreams.models import UpstreamTemplate  # noqa: PLC0415

    original = SignalRInstance.objects.get(name=name)
    copies = SignalRInstance.objects.bulk_create(
        SignalRInstance(
            name=f"{name}-{count}",
            subscription=original.subscription,
            resource_group=original.resource_group,
            observed=original.observed,
        )
        for count in range(first, first + number)
    )
    principals = [
        str(uuid.UUID(int=count + 1, version=4)) for count in range(first, first + number)
    ]
    ManagedIdentity.objects.bulk_create(
        ManagedIdentity(instance=copy, type="SystemAssigned", principal_id=principal)
        for copy, principal in zip(copies, principals, strict=True)
    )
    for template in list(original.upstream_templates.all()):
        columns = {
            field.attname: getattr(template, field.attname)
            for field in UpstreamTemplate._meta.concrete_fields  # noqa: SLF001  Django's API
            if not field.primary_key and field.name != "instance"
        }
        UpstreamTemplate.objects.bulk_create(
            UpstreamTemplate(instance=copy, **columns) for copy in copies
        )
    created = []
    for copy, principal in zip(copies, principals, strict=True):
        claims = {"oid": principal, "sub": principal}
        claims |= dict.fromkeys(("xms_mirid", "xms_az_rid"), copy.arm_id)
        created.append((f"/upstream/{copy.name}/", claims))
    print(json.dumps(created))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    main(sys.argv[1], *map(int, sys.argv[2:]))
