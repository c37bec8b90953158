"""An app whose process stops itself once the connection for a write to Azure is open."""
