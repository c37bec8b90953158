"""The API of deliveries, traffic and Function Apps."""
