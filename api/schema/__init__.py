"""The OpenAPI schema of the API: its settings, descriptions, examples and links, and its view."""
