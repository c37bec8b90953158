"""Celery task: diagnose the fleet. It may be lost, repeated or late without harm."""

from __future__ import annotations

from celery import shared_task

from diagnosis.chain.worst_links import diagnose_due


@shared_task(name="diagnosis.tasks.diagnose_fleet")
def diagnose_fleet() -> None:
    """Diagnose the instances whose stored result is old, and store the worst link of each."""
    diagnose_due()
