"""The API of plans: of one instance, and of all that match a filter."""
