"""SignalR instances, the one identity of each, and user-assigned identities."""
