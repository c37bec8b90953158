"""The operator's portal: what the admin's lists and forms are worked into."""
