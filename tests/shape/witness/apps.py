"""The app: it notes every decision of the receiver before that is counted."""

from __future__ import annotations

import os
from collections.abc import Callable

from django.apps import AppConfig

from tests.shape.witness.lines import write


class WitnessConfig(AppConfig):
    """Also names this process to PostgreSQL, so that each stored count has its process."""

    name = "tests.shape.witness"
    label = "witness"

    def ready(self) -> None:
        """Install it."""
        from upstreams.receiver.deliveries.recorder import recorder  # noqa: PLC0415
        from upstreams.receiver.deliveries.records import DeliveryRecord, Kind  # noqa: PLC0415

        os.environ["PGAPPNAME"] = str(os.getpid())
        count = recorder.record

        def record(kind: Kind, delivery: Callable[[], DeliveryRecord]) -> bool:
            write(kind.outcome, kind.reason, delivery().connection_id)
            return count(kind, delivery)

        recorder.record = record  # type: ignore[method-assign]
