"""What the Makefile runs before and around Signalman: set-up, lifelines, a private PostgreSQL."""
