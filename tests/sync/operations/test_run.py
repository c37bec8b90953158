from __future__ import annotations

import pytest

from sync.operations.run import run_stage
from tests.cloud import LocalAzure
from tests.sync.worker import signed_lab, stage

pytestmark = pytest.mark.django_db


def test_duplicate_message_does_nothing(local_azure: LocalAzure) -> None:
    operation = signed_lab()
    due_at = operation.due_at
    assert stage(operation, due_at) is not None
    fence = operation.fence
    assert run_stage(operation.pk, due_at) is None
    operation.refresh_from_db()
    assert operation.fence == fence
