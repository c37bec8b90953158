"""Generated set-ups: see `strategy`."""
