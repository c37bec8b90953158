"""The plans of one instance and of a fleet, a warning beside them and their output."""
