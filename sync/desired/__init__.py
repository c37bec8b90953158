"""Desired state: changing it, its history, accepting drift, and the lifecycle of instances."""
