"""The receiver beside what else one could take upstream requests with, in one run."""
