"""The client endpoint: negotiation and the three transports."""
