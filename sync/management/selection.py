"""Which instances a command is about."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.management.base import CommandError

from identities.models import SignalRInstance


def select_instances(names: Sequence[str], *, paths: Sequence[str] = ()) -> list[SignalRInstance]:
    """Return the instances of these names, or without names all, with what is wanted of them.

    `paths` are of changes of one instance. Raises CommandError for a name that is not known, and
    for paths without exactly one name.
    """
    if paths and len(names) != 1:
        raise CommandError("A path is of one instance's changes: name that instance alone.")
    instances = SignalRInstance.objects.with_desired()
    if not names:
        return list(instances)
    return [_named(name) for name in names]


def _named(name: str) -> SignalRInstance:
    instance = SignalRInstance.objects.with_desired().named(name).first()
    if instance is None:
        raise CommandError(f"There is no instance {name!r}: run import_instances first.")
    return instance
