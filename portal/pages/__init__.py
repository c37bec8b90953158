"""The pages that are not about one instance."""
