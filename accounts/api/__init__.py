"""What every part of the API has in common: callers, permissions, problems, pages and limits."""
