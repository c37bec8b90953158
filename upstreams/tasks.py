"""Celery task: delete old deliveries. It may be lost, repeated or late without harm."""

from __future__ import annotations

from celery import shared_task

from upstreams import retention


@shared_task(name="upstreams.tasks.delete_expired")
def delete_expired() -> None:
    """Delete deliveries and counts that are too old."""
    retention.expire()
