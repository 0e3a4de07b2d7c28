"""Live objects into JSON-safe data: exceptions, frames, source lines, values, and what must not leave the process."""
