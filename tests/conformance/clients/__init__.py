"""Unmodified clients of Azure, driven against Local Azure: each in a process of its own."""
