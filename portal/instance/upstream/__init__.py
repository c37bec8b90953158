"""The tab of upstream templates."""
