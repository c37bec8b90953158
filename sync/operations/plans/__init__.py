"""The plans of one instance and of a fleet, and their output."""
