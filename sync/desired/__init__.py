"""Desired state: changing it, its history, accepting drift, creating and deleting instances."""
