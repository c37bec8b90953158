"""Desired against observed: import, plan, apply, operations."""
