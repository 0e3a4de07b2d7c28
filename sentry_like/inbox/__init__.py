"""The inbox: a small local receiver of the Sentry protocol for developers (`sentry-like inbox`, extra
`[inbox]`).

What comes in over HTTP is decoded (`encoding`), authenticated (`auth`), taken apart and checked (`ingest`),
kept (`store`), and shown: in the terminal (`render`, `printer`) and over HTTP (`page`). `app` and `server`
hold it together; only those two know a web framework, the rest is plain functions and values.
"""
