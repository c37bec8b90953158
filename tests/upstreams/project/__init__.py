"""An operator's app, as far as the receiver is concerned."""
