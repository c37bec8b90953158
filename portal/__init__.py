"""The web interface: pages, the admin site and its navigation."""
