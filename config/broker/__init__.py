"""The queue of background work, and what a broker that does not respond must not do."""
