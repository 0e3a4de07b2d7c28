"""From a captured thing to what the transport is given, and the account of what became of it."""

from __future__ import annotations

import pickle

import pytest

import sentry_like
from sentry_like import Client, Hub
from sentry_like.errors import voice
from sentry_like.testing import DSN, TestTransport
from sentry_like.transport.base import Transport


def raised(error):
    try:
        raise error
    except BaseException as caught:
        return caught


# -- who sends


def test_nothing_is_built_or_called_before_init():
    calls = []
    assert sentry_like.capture_exception(ValueError()) is None
    assert sentry_like.capture_message("x") is None
    assert sentry_like.capture_event({}) is None
    sentry_like.add_breadcrumb(lambda: calls.append(1))
    assert sentry_like.flush() is True
    assert sentry_like.last_event_id() is None
    assert sentry_like.is_initialized() is False
    assert calls == []


def test_client_before_init_is_never_none():
    client = sentry_like.get_client()
    assert client.is_active() is False
    assert client.stats() == {}
    assert client.close() is True


@pytest.mark.parametrize("dsn", [None, ""], ids=["no DSN", "empty DSN"])
def test_client_without_a_dsn_sends_nothing_and_calls_no_hook(dsn):
    calls = []
    sentry_like.init(dsn, before_send=lambda event, hint: calls.append(event))
    assert sentry_like.capture_message("x") is None
    assert sentry_like.get_client().is_active() is False
    assert calls == []


def test_init_as_a_context_manager_closes_the_client(transport):
    with sentry_like.init(DSN, transport=transport):
        sentry_like.capture_message("inside")
    assert sentry_like.capture_message("outside") is None
    assert len(transport.events) == 1


def test_second_init_closes_the_first_client():
    first = TestTransport()
    sentry_like.init(DSN, transport=first, default_integrations=False)
    old = Hub.main.client
    sentry_like.init(DSN, transport=TestTransport(), default_integrations=False)
    assert old.is_active() is False


def test_unknown_option_is_answered_with_the_nearest_name():
    with pytest.raises(TypeError, match="sample_rate"):
        sentry_like.init(sample_rat=0.5)


def test_malformed_dsn_is_answered_without_its_secret():
    with pytest.raises(sentry_like.BadDsn) as caught:
        sentry_like.init("https://public:verysecret@/1")
    assert "verysecret" not in str(caught.value)
    assert "public" not in str(caught.value).replace("public_key", "").replace("public key", "")


# -- what is sent


def test_event_says_where_it_comes_from(init, events):
    init(release="app@1.0", environment="staging", server_name="host1", dist="7")
    sentry_like.capture_message("x")
    event = events[0]
    assert (event["release"], event["environment"], event["server_name"], event["dist"]) == (
        "app@1.0",
        "staging",
        "host1",
        "7",
    )
    assert event["platform"] == "python"
    assert event["sdk"]["name"] == "sentry_like.python"
    assert event["contexts"]["runtime"]["name"] == "CPython"


def test_id_that_capture_returns_is_the_events_and_the_last_one(init, events):
    init()
    event_id = sentry_like.capture_message("x")
    assert events[0]["event_id"] == event_id == sentry_like.last_event_id()


def test_last_event_id_is_of_a_sent_event_only(init):
    init(before_send=lambda event, hint: None if event.get("message") == "dropped" else event)
    kept = sentry_like.capture_message("kept")
    assert sentry_like.capture_message("dropped") is None
    assert sentry_like.last_event_id() == kept


def test_keywords_hold_for_one_event(init, events):
    init()
    sentry_like.capture_exception(
        ValueError(),
        tags={"t": 1},
        extras={"e": 2},
        contexts={"c": {"k": 3}},
        user={"id": 4},
        level="warning",
        fingerprint=["f"],
    )
    sentry_like.capture_message("x")
    one, other = events
    assert one["tags"] == {"t": "1"}
    assert one["extra"] == {"e": 2}
    assert one["contexts"]["c"] == {"k": 3}
    assert (one["user"], one["level"], one["fingerprint"]) == ({"id": 4}, "warning", ["f"])
    assert not {"tags", "extra", "user", "fingerprint"} & set(other)


def test_scope_may_be_given_as_a_function(init, events):
    init()
    sentry_like.set_tag("present", "1")
    sentry_like.capture_message("x", scope=lambda scope: scope.set_tag("own", "2"))
    assert events[0]["tags"] == {"present": "1", "own": "2"}
    assert Hub.current.scope.tags == {"present": "1"}


def test_scope_and_keywords_together_send_nothing_and_harm_nobody(init, events, lenient, capsys):
    init()
    assert sentry_like.capture_message("x", scope=sentry_like.Scope(), tags={"a": "1"}) is None
    assert "not both" in capsys.readouterr().err


def test_message_has_a_stack_when_asked_for(init, events):
    init(attach_stacktrace=True)
    sentry_like.capture_message("x")
    frames = events[0]["threads"]["values"][0]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "test_message_has_a_stack_when_asked_for"
    assert "capture_message" in frames[-1]["context_line"]


def test_exc_info_tuple_is_taken(init, events):
    init()
    error = raised(ValueError("x"))
    sentry_like.capture_exception((ValueError, error, error.__traceback__))
    assert events[0]["exception"]["values"][0]["value"] == "x"


@pytest.mark.parametrize("what", [42, "text", object(), ValueError, (1, 2, 3), []], ids=repr)
def test_what_is_no_exception_is_refused_without_harm(init, events, what, lenient):
    init()
    assert sentry_like.capture_exception(what) is None
    assert not events


@pytest.mark.parametrize("what", [5, None, "text", []], ids=repr)
def test_what_is_no_event_is_refused_without_harm(init, events, what, lenient):
    init()
    assert sentry_like.capture_event(what) is None
    assert not events


def test_event_made_by_hand_is_sent_as_it_is(init, events):
    init()
    frame = {"filename": "a.py", "function": "f", "lineno": 1, "vars": {"n": "3"}}
    sentry_like.capture_event(
        {
            "level": "fatal",
            "exception": {"values": [{"type": "T", "value": "v", "stacktrace": {"frames": [frame]}}]},
            "logger": "mine",
        }
    )
    assert events[0]["exception"]["values"][0]["stacktrace"]["frames"] == [frame]
    assert (events[0]["level"], events[0]["logger"]) == ("fatal", "mine")


def test_event_made_by_hand_is_scrubbed_and_not_edited(init, events):
    init()
    made = {"message": "m", "extra": {"password": "hunter2", "obj": object()}}
    sentry_like.capture_event(made)
    assert events[0]["extra"]["password"] == "[Filtered]"
    assert made["extra"]["password"] == "hunter2"
    assert set(made) == {"message", "extra"}


def test_attachments_travel_with_the_event(init, transport, tmp_path):
    client = init()
    path = tmp_path / "note.txt"
    path.write_text("from a file")
    scope = Hub.current.scope
    scope.add_attachment(b"raw", "raw.bin")
    scope.add_attachment(lambda: b"lazy", "lazy.json")
    scope.add_attachment(path=str(path))
    sentry_like.capture_message("x")
    items = [item for item in transport.envelopes[0].items if item.type == "attachment"]
    assert [(item.headers["filename"], item.encode()) for item in items] == [
        ("raw.bin", b"raw"),
        ("lazy.json", b"lazy"),
        ("note.txt", b"from a file"),
    ]
    assert items[1].headers["content_type"] == "application/json"
    assert client.stats()["attachment"]["captured"] == 3 + 4 + 11


def test_attachment_that_cannot_be_read_costs_only_itself(init, transport, lenient):
    init()
    sentry_like.add_attachment(path="/nowhere/at/all")
    sentry_like.add_attachment(b"fine", "fine.txt")
    assert sentry_like.capture_message("x")
    assert [item.type for item in transport.envelopes[0].items] == ["event", "attachment"]


def test_attachment_over_the_limit_is_left_out(init, transport, lenient):
    init(max_attachment_bytes=10)
    sentry_like.add_attachment(b"x" * 11, "big.bin")
    sentry_like.capture_message("x")
    assert [item.type for item in transport.envelopes[0].items] == ["event"]


# -- hooks


HOOKS = {
    "a number": 42,
    "a text": "event",
    "a list": [],
    "an empty dict": {},
    "True": True,
}


@pytest.mark.parametrize("answer", HOOKS.values(), ids=HOOKS)
def test_before_send_that_answers_no_event_drops_it(init, events, answer, capsys):
    client = init(before_send=lambda event, hint: answer)
    assert sentry_like.capture_message("x") is None
    assert client.stats()["error"]["lost"] == {"before_send": 1}
    assert "before_send" in capsys.readouterr().err


@pytest.mark.parametrize("error", [ValueError, SystemExit, RecursionError], ids=lambda error: error.__name__)
def test_before_send_that_raises_drops_the_event_and_says_so(init, events, error, lenient, capsys):
    def hook(event, hint):
        raise error("broken hook")

    client = init(before_send=hook)
    assert sentry_like.capture_message("x") is None
    assert client.stats()["error"]["lost"] == {"before_send": 1}
    assert "before_send" in capsys.readouterr().err


def test_before_send_sees_the_hint_and_the_scrubbed_event(init, events):
    seen = []
    init(before_send=lambda event, hint: seen.append((event, hint)) or event)
    error = raised(ValueError("x"))
    sentry_like.set_extra("token", "abc")
    sentry_like.capture_exception(error)
    event, hint = seen[0]
    assert hint["exc_info"][1] is error
    assert event["extra"]["token"] == "[Filtered]"


def test_edits_of_before_send_are_sent_and_stay_with_the_event(init, events):
    def hook(event, hint):
        event["contexts"]["runtime"]["name"] = "edited"
        event["sdk"]["name"] = "edited"
        event["breadcrumbs"]["values"][0]["message"] = "edited"
        event["exception"]["values"][0]["stacktrace"]["frames"][-1]["pre_context"].clear()
        return event

    client = init(before_send=hook)
    sentry_like.add_breadcrumb(message="original")
    sentry_like.capture_exception(raised(ValueError()))
    assert events[0]["contexts"]["runtime"]["name"] == "edited"
    client.options.__dict__["before_send"] = None
    sentry_like.capture_exception(raised(ValueError()))
    second = events[1]
    assert second["contexts"]["runtime"]["name"] == "CPython"
    assert second["breadcrumbs"]["values"][0]["message"] == "original"
    assert second["exception"]["values"][0]["stacktrace"]["frames"][-1]["pre_context"]


def test_before_send_may_add_what_is_no_plain_data(init, events):
    cycle = []
    cycle.append(cycle)

    def hook(event, hint):
        event["extra"] = {
            "object": object(),
            "set": {1},
            "nan": float("nan"),
            "cycle": cycle,
            "big": 10**5000,
        }
        return event

    init(before_send=hook)
    sentry_like.capture_message("x")
    assert set(events[0]["extra"]) == {"object", "set", "nan", "cycle", "big"}


def test_event_that_before_send_blew_up_is_cut_to_what_servers_take(init, transport):
    init(before_send=lambda event, hint: {**event, "extra": {"huge": "x" * 5_000_000}})
    sentry_like.capture_message("x")
    assert len(transport.envelopes[0].serialize()) < 1_000_000


def test_capture_within_a_hook_does_not_recurse(init, events):
    def hook(event, hint):
        sentry_like.capture_message("again")
        return event

    init(before_send=hook)
    sentry_like.capture_message("x")
    assert [event["message"] for event in events] == ["x"]
    sentry_like.capture_message("y")
    assert [event["message"] for event in events] == ["x", "y"]


def test_scopes_pushed_within_a_hook_do_not_block_later_captures(init, events):
    def hook(event, hint):
        with sentry_like.push_scope():
            sentry_like.capture_message("again")
        return event

    init(before_send=hook)
    sentry_like.capture_message("x")
    sentry_like.capture_message("y")
    assert len(events) == 2


def test_processor_that_drops_is_counted(init, events):
    client = init()
    Hub.current.scope.add_event_processor(lambda event, hint: None)
    assert sentry_like.capture_message("x") is None
    assert client.stats()["error"] == {
        "captured": 1,
        "sent": 0,
        "queued": 0,
        "lost": {"event_processor": 1},
    }


def test_processor_that_raises_or_answers_nonsense_is_skipped(init, events, lenient, capsys):
    init()
    scope = Hub.current.scope
    scope.add_event_processor(lambda event, hint: 1 / 0)
    scope.add_event_processor(lambda event, hint: "nonsense")
    scope.add_event_processor(lambda event, hint: {**event, "tags": {"kept": "1"}})
    sentry_like.capture_message("x")
    assert events[0]["tags"] == {"kept": "1"}
    assert "event processor" in capsys.readouterr().err


def test_what_processors_add_is_made_plain_and_scrubbed(init, events):
    init()
    Hub.current.scope.add_event_processor(
        lambda event, hint: {
            **event,
            "extra": {"password": "hunter2", "obj": object(), "url": "http://u:p@h/"},
        }
    )
    sentry_like.capture_message("x")
    extra = events[0]["extra"]
    assert extra["password"] == "[Filtered]"
    assert "p@" not in extra["url"]
    assert extra["obj"].startswith("<object object")


def test_global_processor_runs_for_every_event(init, events):
    init()
    sentry_like.add_global_event_processor(lambda event, hint: {**event, "tags": {"global": "1"}})
    sentry_like.capture_message("x")
    assert events[0]["tags"] == {"global": "1"}


# -- sampling


def test_error_sampler_judges_before_anything_is_built(init, events):
    seen = []

    def sampler(event, hint):
        seen.append((event, hint["exc_info"][0]))
        return 0.0

    client = init(error_sampler=sampler)
    sentry_like.capture_exception(raised(ValueError("x")))
    event, kind = seen[0]
    assert kind is ValueError
    assert event["exception"]["values"][-1]["type"] == "ValueError"
    assert "stacktrace" not in event["exception"]["values"][-1]
    assert client.stats()["error"]["lost"] == {"sample_rate": 1}


@pytest.mark.parametrize("answer", [2, -1, "x", None, float("nan")], ids=repr)
def test_error_sampler_that_answers_no_rate_keeps_the_event(init, events, answer, capsys):
    init(error_sampler=lambda event, hint: answer)
    assert sentry_like.capture_message("x")
    assert "error_sampler" in capsys.readouterr().err


def test_error_sampler_that_raises_keeps_the_event(init, events, lenient):
    init(error_sampler=lambda event, hint: 1 / 0)
    assert sentry_like.capture_message("x")


def test_sample_rate_keeps_about_its_share(init, events):
    client = init(sample_rate=0.5)
    for _ in range(400):
        sentry_like.capture_message("x")
    assert 120 < len(events) < 280
    assert client.stats()["error"]["lost"]["sample_rate"] == 400 - len(events)


# -- breadcrumbs


def test_breadcrumbs_are_sent_oldest_first_and_bounded(init, events):
    init(max_breadcrumbs=3)
    for number in range(5):
        sentry_like.add_breadcrumb(message=str(number))
    sentry_like.capture_message("x")
    assert [crumb["message"] for crumb in events[0]["breadcrumbs"]["values"]] == ["2", "3", "4"]
    assert events[0]["_meta"]["breadcrumbs"][""]["len"] == 5


def test_no_breadcrumb_is_kept_when_none_are_wanted(init, events):
    init(max_breadcrumbs=0)
    sentry_like.add_breadcrumb(message="x")
    sentry_like.capture_message("x")
    assert "breadcrumbs" not in events[0]


def test_data_of_a_breadcrumb_is_a_snapshot(init, events):
    init()
    data = {"n": 1, "deep": [1]}
    sentry_like.add_breadcrumb(message="x", data=data)
    data["n"] = 2
    data["deep"].append(2)
    sentry_like.capture_message("x")
    assert events[0]["breadcrumbs"]["values"][0]["data"] == {"n": 1, "deep": [1]}


def test_fields_the_server_does_not_know_join_the_data(init, events):
    init()
    sentry_like.add_breadcrumb(message="x", order=7)
    sentry_like.capture_message("x")
    assert events[0]["breadcrumbs"]["values"][0]["data"] == {"order": 7}


def test_secrets_in_breadcrumbs_are_replaced(init, events):
    init()
    sentry_like.add_breadcrumb(message="GET http://u:p@host/?token=abc", data={"headers": {"Cookie": "c"}})
    sentry_like.capture_message("x")
    crumb = events[0]["breadcrumbs"]["values"][0]
    assert "abc" not in crumb["message"]
    assert "u:p" not in crumb["message"]
    assert crumb["data"] == {"headers": {"Cookie": "[Filtered]"}}


def test_before_breadcrumb_edits_and_drops(init, events):
    def hook(crumb, hint):
        if crumb["message"] == "drop":
            return None
        return {**crumb, "message": f"{crumb['message']} {hint['from']}"}

    init(before_breadcrumb=hook)
    sentry_like.add_breadcrumb(message="keep", hint={"from": "hint"})
    sentry_like.add_breadcrumb(message="drop")
    sentry_like.capture_message("x")
    assert [crumb["message"] for crumb in events[0]["breadcrumbs"]["values"]] == ["keep hint"]


def test_before_breadcrumb_that_raises_drops_the_crumb(init, events, lenient):
    init(before_breadcrumb=lambda crumb, hint: 1 / 0)
    sentry_like.add_breadcrumb(message="x")
    sentry_like.capture_message("x")
    assert "breadcrumbs" not in events[0]


# -- faults of ours


class Broken(Transport):
    def send(self, envelope):
        raise RuntimeError("broken transport")


def test_transport_that_raises_never_reaches_the_application(init, lenient, capsys):
    client = init(transport=Broken())
    sentry_like.capture_message("x")
    assert client.stats()["error"]["lost"] == {"send_error": 1}
    assert "broken transport" in capsys.readouterr().err


def test_same_fault_is_said_once(init, lenient, capsys):
    init(transport=Broken())
    for _ in range(5):
        sentry_like.capture_message("x")
    assert capsys.readouterr().err.count("broken transport") == 1


def test_debug_says_what_is_dropped(init, capsys):
    init(debug=True, before_send=lambda event, hint: None)
    sentry_like.capture_message("x")
    assert voice.debug is True
    assert "before_send dropped" in capsys.readouterr().err


def test_missing_stderr_is_no_fault(init, monkeypatch):
    init(debug=True, before_send=lambda event, hint: None)
    monkeypatch.setattr("sys.stderr", None)
    assert sentry_like.capture_message("x") is None


def test_lost_hook_is_told_each_loss(init):
    lost = []
    init(
        on_lost=lambda reason, category, quantity: lost.append((reason, category, quantity)), sample_rate=0.0
    )
    sentry_like.capture_message("x")
    assert lost == [("sample_rate", "error", 1)]


def test_pickled_client_reads_its_file_again(tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text(f'[tool.sentry_like]\ndsn = "{DSN}"\n')
    client = Client(config_file=str(file), default_integrations=False)
    copy = pickle.loads(pickle.dumps(client))
    assert copy.dsn == client.dsn
    copy.close(0)
    client.close(0)


def test_pickled_client_is_its_options():
    client = Client(DSN, release="app@1", default_integrations=False)
    copy = pickle.loads(pickle.dumps(client))
    assert (copy.dsn, copy.options.release) == (client.dsn, "app@1")
    assert copy.transport is not client.transport


def test_client_is_a_context_manager_and_sends_without_a_scope(transport):
    with Client(DSN, transport=transport, default_integrations=False) as client:
        assert client.capture_event({"message": "x"}) == transport.events[0]["event_id"]
    assert client.is_active() is False


def test_clients_are_independent(transport):
    other = TestTransport()
    sentry_like.init(DSN, transport=transport, default_integrations=False)
    with Hub(Client(DSN, transport=other, default_integrations=False)):
        sentry_like.capture_message("other")
    sentry_like.capture_message("own")
    assert [event["message"] for event in transport.events] == ["own"]
    assert [event["message"] for event in other.events] == ["other"]
