"""Deletion of old deliveries and counts, against what a fleet inserts."""
