"""The first tab of an instance."""
