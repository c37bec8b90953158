"""The tab of the instance's managed identity."""
