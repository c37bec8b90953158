"""The picture of the chain from a client's event to its handler."""
