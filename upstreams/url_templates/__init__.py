"""URL templates of upstream requests: routing, references, redaction and the JSON of ARM."""
