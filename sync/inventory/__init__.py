"""From Azure to rows: import, refresh, observations and sync status."""
