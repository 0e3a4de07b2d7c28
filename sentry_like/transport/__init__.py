"""From envelope to server, off the caller's thread, and the account of what became of it."""
