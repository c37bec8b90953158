"""Upstream: a client's event becomes one HTTP request, and its answer what the client receives."""
