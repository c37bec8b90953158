"""A second app of the operator's, which claims an event of the first."""
