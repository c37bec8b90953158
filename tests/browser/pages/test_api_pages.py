"""The API documentation pages, with their Content-Security-Policy."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_swagger_shows_operations(page: Page) -> None:
    page.goto("/api/v1/docs/")
    operation = page.locator("#operations-instances-instances_list")
    operation.get_by_role("button").first.click()
    expect(operation.get_by_text("Responses").first).to_be_visible()


def test_redoc_shows_operations(page: Page) -> None:
    page.goto("/api/v1/redoc/")
    expect(page.get_by_text("/api/v1/instances/").first).to_be_attached()
