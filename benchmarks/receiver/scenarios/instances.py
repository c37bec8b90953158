"""python -m benchmarks.receiver.scenarios.instances NAME NUMBER: copy an instance's rows.

Prints a list of `[path, claims]`: the path that each receives at, and the claims of its tokens.
"""

from __future__ import annotations

import json
import os
import sys
import uuid

import django


def main(name: str, number: int) -> None:
    """Copy the instance, its identity and its templates."""
    from identities.models import ManagedIdentity, SignalRInstance  # noqa: PLC0415
    from upstreams.models import UpstreamTemplate  # noqa: PLC0415

    original = SignalRInstance.objects.get(name=name)
    templates = list(original.upstream_templates.all())
    created = []
    for count in range(number):
        instance = SignalRInstance.objects.create(
            name=f"{name}-{count}",
            subscription=original.subscription,
            resource_group=original.resource_group,
        )
        principal = str(uuid.UUID(int=count + 1, version=4))
        ManagedIdentity.objects.update_or_create(
            instance=instance,
            defaults={"type": "SystemAssigned", "principal_id": principal},
        )
        for template in templates:
            template.pk = None
            template.instance = instance
        UpstreamTemplate.objects.bulk_create(templates)
        claims = {"oid": principal, "sub": principal}
        claims |= dict.fromkeys(("xms_mirid", "xms_az_rid"), instance.arm_id)
        created.append((f"/upstream/{instance.name}/", claims))
    print(json.dumps(created))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    main(sys.argv[1], int(sys.argv[2]))
