"""The plans of one instance and of a fleet, their warnings and their output."""
