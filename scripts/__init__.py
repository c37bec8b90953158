"""Programs for the Makefile: set-up, child processes, a temporary PostgreSQL, checks."""
