"""The chain from a client's event to its handler, with the findings on each of its links."""
