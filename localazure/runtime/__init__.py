"""The SignalR runtime's side of upstream: a client's event in, one HTTP request out."""
