"""The demo: the whole chain on one machine, from Local Azure to a handler's result."""
