"""An event without what differs between runs, machines, servers and versions."""

from __future__ import annotations

VOLATILE = {
    "event_id",
    "timestamp",
    "server_name",
    "thread_id",
    "trace_id",
    "span_id",
    "lineno",
    "abs_path",
    "pid",
}
OTHERS = "<frames of others>"


def normalised(event, site):
    """The event with placeholders for what is volatile: of the code of others only that it is there; of
    modules, runtime and command line only that they are told.
    """
    made = with_placeholders(event, str(site.port))
    for key in ("modules", "release", "contexts", "extra"):
        if key in made:
            made[key] = sorted(made[key]) if key in ("contexts", "extra") else f"<{key}>"
    made["sdk"] = {**made["sdk"], **dict.fromkeys(("version", "packages", "integrations"), "<told>")}
    made["request"]["env"] = sorted(made["request"].get("env", {}))
    made.get("_meta", {}).pop("exception", None)
    for value in made.get("exception", {}).get("values", ()):
        value["stacktrace"]["frames"] = reduced(value["stacktrace"]["frames"])
    return made


def with_placeholders(value, port):
    if isinstance(value, dict):
        return {
            key: f"<{key}>" if key in VOLATILE else with_placeholders(one, port) for key, one in value.items()
        }
    if isinstance(value, list):
        return [with_placeholders(one, port) for one in value]
    if isinstance(value, str):
        return value.replace(port, "<port>")
    return value


def reduced(frames):
    """The application's frames, each with its line and the names of its variables; the rest in one word."""
    kept = []
    for frame in frames:
        if frame.get("in_app") and "/scripts/" not in frame.get("filename", ""):
            names = sorted(frame.get("vars", {}))
            kept.append(
                {
                    **{key: frame.get(key) for key in ("filename", "function", "module", "context_line")},
                    "vars": names,
                }
            )
        elif not kept or kept[-1] != OTHERS:
            kept.append(OTHERS)
    return kept
