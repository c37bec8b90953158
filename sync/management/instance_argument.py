"""The instances that a command is run for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.core.management.base import CommandError

from identities.models import SignalRInstance


def select_instances(names: Sequence[str], *, paths: Sequence[str] = ()) -> list[SignalRInstance]:
    """Return the instances of these names, or all, with their desired state.

    `paths` are of changes of one instance. Raises CommandError for an unknown name, and for paths
    without exactly one name.
    """
    if paths and len(names) != 1:
        raise CommandError("--path needs exactly one instance.")
    instances = SignalRInstance.objects.with_desired()
    if not names:
        return list(instances)
    return [_named(name) for name in names]


def iterate_instances(
    names: Sequence[str], *, paths: Sequence[str] = ()
) -> Iterable[SignalRInstance]:
    """Return these instances, or all, without keeping a whole fleet in memory.

    Pass them to `with_shared_rows`, which fetches templates and identities. `paths` and errors are
    as in `select_instances`.
    """
    if names or paths:
        return select_instances(names, paths=paths)
    return SignalRInstance.objects.for_plans().in_chunks()


def _named(name: str) -> SignalRInstance:
    instance = SignalRInstance.objects.with_desired().named(name).first()
    if instance is None:
        raise CommandError(f"Unknown instance {name!r}. Run `manage.py import_instances` first.")
    return instance
