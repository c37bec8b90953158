"""A chat app that handles the events of one hub, used by the demo."""
