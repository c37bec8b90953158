"""Faults, key rotations, restarts and waiting handlers, each beside valid requests."""
