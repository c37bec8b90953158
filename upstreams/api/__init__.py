"""The API of what receives: deliveries, traffic and Function Apps."""
