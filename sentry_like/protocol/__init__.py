"""The wire protocol as pure functions and values, on the standard library alone.

No I/O beyond the stream that a caller hands in, no clock, no state that changes: who needs the time passes
`now`. Importing a module loads nothing heavy; what is (json, email) is imported inside the function that
needs it.
"""
