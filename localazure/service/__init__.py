"""Azure SignalR Service itself: clients, upstream requests and the data-plane REST API."""
