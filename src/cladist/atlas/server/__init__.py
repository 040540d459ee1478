"""The atlas over HTTP, on this machine alone."""
