"""Probes of the endpoints of templates, and their stored results."""
