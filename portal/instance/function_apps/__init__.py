"""The tab of the Function Apps that templates point at."""
