"""The SignalR hub protocol: JSON and MessagePack frames. Values in, bytes out, and back."""
