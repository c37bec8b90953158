"""Azure SignalR Service (Microsoft.SignalRService/SignalR)."""
