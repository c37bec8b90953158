"""The API of the desired state, plans and operations."""
