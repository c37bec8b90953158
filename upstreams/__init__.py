"""Upstream templates, and the receiver that answers what they send."""
