"""Live objects into JSON-safe data: exceptions, frames, source lines, values; and without secrets."""
