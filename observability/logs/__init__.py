"""Log lines: their formats, the filters of what Django logs, and redaction."""
