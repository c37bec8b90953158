"""The data-plane REST API: `/api/v1/...`, and `/api/...` with an api-version."""
