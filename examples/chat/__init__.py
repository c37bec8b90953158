"""A small app that handles the events of one hub: what the demo talks to."""
