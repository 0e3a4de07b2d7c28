"""The parts of `scripts/bugsink`: a throw-away Bugsink, what it says it got, a picture of it."""
