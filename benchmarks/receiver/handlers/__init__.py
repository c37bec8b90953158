"""An app that adds coroutine functions to the sample app's hub."""
