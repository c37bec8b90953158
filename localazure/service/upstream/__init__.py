"""Upstream: events of clients sent as HTTP requests, whose responses go to the client."""
