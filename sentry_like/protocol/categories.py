"""The categories in which servers count and limit data, what belongs to which, and why data is lost.

Names are those of Relay 0.10.1 (`DataCategory`); the tests compare. A name that is not here is unknown: it
limits nothing.
"""

from __future__ import annotations

INTERNAL = "internal"
"""What carries client reports: our own name, which no server limits."""

CATEGORIES = frozenset(
    """
    default error transaction security attachment attachment_item session monitor monitor_seat feedback
    uptime transaction_processed transaction_indexed span span_indexed replay replay_video metric_bucket
    metric_second profile profile_indexed profile_duration profile_duration_ui profile_chunk
    profile_chunk_ui profile_backend profile_ui log_item log_byte trace_metric trace_metric_byte
    seer_autofix seer_scanner seer_user prevent_user prevent_review size_analysis installable_build
    snapshot_image
    """.split()  # noqa: SIM905  # forty quoted names would hide the words
)

ALIASES = {"user_report_v2": "feedback"}
"""Older names that a server may still send, and what they are called now."""

REASONS = frozenset(
    {
        "backpressure",
        "before_send",
        "buffer_overflow",
        "cache_overflow",
        "event_processor",
        "ignored",
        "insufficient_data",
        "internal_sdk_error",
        "invalid",
        "network_error",
        "queue_overflow",
        "ratelimit_backoff",
        "sample_rate",
        "send_error",
    }
)
"""Why data is lost, as the protocol names it."""

EVENT_CATEGORIES = {"transaction": "transaction", "feedback": "feedback", "csp": "security"}

ITEM_CATEGORIES = {
    "transaction": "transaction",
    "attachment": "attachment",
    "session": "session",
    "sessions": "session",
    "client_report": INTERNAL,
    "user_report": "feedback",
    "feedback": "feedback",
    "check_in": "monitor",
    "profile": "profile",
    "profile_chunk": "profile_chunk",
    "log": "log_item",
    "otel_log": "log_item",
    "trace_metric": "trace_metric",
    "span": "span",
    "otel_span": "span",
    "otel_traces_data": "span",
    "replay_event": "replay",
    "replay_recording": "replay",
    "replay_video": "replay",
    "statsd": "metric_bucket",
    "metric_buckets": "metric_bucket",
    "security": "security",
    "raw_security": "security",
    "unreal_report": "error",
    "nel": "error",
}


def of_event_type(event_type: object) -> str:
    """The category of an event by its `type`; an event without one, or with any other, is an error."""
    return EVENT_CATEGORIES.get(event_type, "error") if isinstance(event_type, str) else "error"


def of_item(item_type: str, payload: object = None) -> str:
    """The category of an envelope item (protocol, "Item types"); one of an unknown type counts as default.

    That of an `event` item depends on its payload; one in bytes is not read, and taken for an error.
    """
    if item_type == "event":
        return of_event_type(payload.get("type") if isinstance(payload, dict) else None)
    return ITEM_CATEGORIES.get(item_type, "default")
