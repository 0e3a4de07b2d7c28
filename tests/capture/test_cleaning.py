"""One event's way through the capture room: bags, foreign events, copies, the user's own scrubber."""

from __future__ import annotations

import copy
import json
import sys

import pytest
from capture_room import Room, as_sent, caught, raised, raised_among, remarks

from sentry_like.capture.scrub import DEFAULT_DENYLIST, FILTERED, EventScrubber

SECRET = "hunter2"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


class Client:
    def __init__(self):
        self.password = SECRET

    def __repr__(self):
        return f"Client(password={self.password!r}, url='https://bob:{self.password}@h/')"


LOCALS = {
    "pwd": SECRET,
    "access_token": SECRET,
    "refresh_token": SECRET,
    "nested": {"a": {"password": SECRET}},
    "listed": [{"token": SECRET}],
    "pairs": [("Authorization", SECRET)],
    "scope": {"headers": [(b"cookie", b"hunter2")]},
    "kwargs": {"api_key": SECRET},
    "client": Client(),
    "argv": ["run", "--password", SECRET],
    "line": f"run --password={SECRET}",
    "query": f"a=1&token={SECRET}",
    "url": f"https://bob:{SECRET}@host/?api_key={SECRET}",
    "body": f'{{"password": "{SECRET}"}}',
    "environ": {"QUERY_STRING": f"token={SECRET}", "HTTP_AUTHORIZATION": SECRET},
    "error": ValueError(f"password={SECRET}"),
    "key": {f"token={SECRET}": 1},
}


@pytest.mark.parametrize("name", LOCALS)
def test_secret_in_a_local_does_not_leave(name, room):
    event = room().exception(raised_among({name: LOCALS[name]}))
    assert SECRET not in json.dumps(event)


@pytest.mark.parametrize("name", LOCALS)
def test_secret_in_a_bag_does_not_leave(name, room):
    value = {name: LOCALS[name]}
    event = room().bags(extra=value, contexts={"c": value}, request={"data": value})
    assert SECRET not in json.dumps(event)


@pytest.mark.parametrize("name", LOCALS)
def test_secret_in_an_event_made_by_hand_does_not_leave(name, room):
    event = room().foreign(
        {"level": "info", "extra": {name: LOCALS[name]}, "contexts": {"c": {name: LOCALS[name]}}}
    )
    assert SECRET not in json.dumps(event)


def test_secrets_in_messages_do_not_leave(room):
    made = room()
    assert made.message(f"token={SECRET}, {JWT}")["message"] == f"token={FILTERED}, {FILTERED}"
    assert (
        made.exception(raised(ValueError(f"Bearer {JWT}")))["exception"]["values"][0]["value"]
        == f"Bearer {FILTERED}"
    )


def test_secret_that_a_custom_repr_tells_does_not_leave(room):
    made = room(custom_repr=lambda value: f"token={SECRET}")
    assert made.locals(it=object(), function=print)["it"] == f"token={FILTERED}"
    assert made.extra(object()) == f"token={FILTERED}"


def test_what_users_set_as_user_is_sent_as_given(room):
    user = {"id": 1, "token": "mine", "session": "blue"}
    assert room().bags(user=user)["user"] == user
    assert room().bags(user={"id": 4111111111111111})["user"] == {"id": FILTERED}


def test_harmless_event_is_not_copied_for_scrubbing():
    made = Room()
    cleaning = made.capture.start()
    event = {"extra": cleaning.bag({"a": "harmless"}, ("extra",))}
    assert cleaning.scrub(event) is event


def test_the_applications_objects_are_never_edited(room):
    before = copy.deepcopy({name: value for name, value in LOCALS.items() if name not in ("client", "error")})
    made = room()
    made.exception(raised_among(LOCALS), extra=LOCALS)
    made.foreign({"extra": LOCALS})
    assert {name: LOCALS[name] for name in before} == before


# -- whose scrubber


def test_scrubber_with_own_lists_is_used(room):
    event = room(event_scrubber=EventScrubber(denylist=["shoe_size"])).bags(
        extra={"shoe-size": 42, "password": "x"}
    )
    assert event["extra"] == {"shoe-size": FILTERED, "password": "x"}


def test_scrubber_that_adds_to_the_default_is_used(room):
    event = room(event_scrubber=EventScrubber([*DEFAULT_DENYLIST, "shoe_size"])).bags(
        extra={"shoe_size": 1, "pwd": "x"}
    )
    assert event["extra"] == {"shoe_size": FILTERED, "pwd": FILTERED}


def test_addresses_are_shown_when_pii_is_wanted(room):
    bags = {"extra": {"ip_address": "1.2.3.4"}}
    assert room().bags(**bags)["extra"] == {"ip_address": FILTERED}
    assert room(send_default_pii=True).bags(**bags)["extra"] == {"ip_address": "1.2.3.4"}


class Mine:
    """A scrubber of the user's own, that edits the event in place."""

    def scrub_event(self, event):
        event["extra"]["more"] = "scrubbed"


class Answering(EventScrubber):
    def scrub_event(self, event):
        super().scrub_event(event)
        return {**event, "extra": {"answer": object}}


def test_own_scrubber_gets_a_copy_after_ours(room):
    made = room(event_scrubber=Mine())
    event = made.bags(extra={"password": "x", "list": [1]})
    assert event["extra"] == {"password": FILTERED, "list": [1], "more": "scrubbed"}


def test_answer_of_an_own_scrubber_becomes_plain_data(room):
    assert room(event_scrubber=Answering()).bags(extra={})["extra"] == {"answer": "<class 'object'>"}


def test_scrub_event_set_on_an_instance_is_called(room):
    scrubber = EventScrubber()
    scrubber.scrub_event = lambda event: event.update(level="debug")
    assert room(event_scrubber=scrubber).bags(extra={})["level"] == "debug"


def test_our_scrubber_costs_no_copy():
    assert Room().capture.custom_scrub is None
    assert Room(event_scrubber=EventScrubber(denylist=["a"])).capture.custom_scrub is None


# -- events in foreign hands


def test_event_made_by_hand_becomes_plain_data(room):
    event = room().foreign(
        {"level": "info", "extra": {"o": object, 5: (1, {2})}, "tags": {"a": b"x"}, "message": "m"}
    )
    assert event == {
        "level": "info",
        "extra": {"o": "<class 'object'>", "5": [1, [2]]},
        "tags": {"a": "x"},
        "message": "m",
    }


class Odd(dict):
    def __raise(self, *args):
        raise SystemExit

    __iter__ = keys = items = get = __getitem__ = __len__ = __raise


def test_event_of_a_hostile_class_is_read_through_dict(room):
    assert room().foreign(Odd(level="info", message="m")) == {"level": "info", "message": "m"}


@pytest.mark.parametrize("meta", [None, "x", 5, [1]])
def test_meta_that_is_none_is_dropped(meta):
    made = Room()
    assert "_meta" not in made.capture.start().sanitise({"message": "m", "_meta": meta})


def test_meta_given_by_hand_is_kept(room):
    meta = {"extra": {"password": {"": {"len": 9}}}}
    cleaning = room().capture.start()
    event = cleaning.scrub(cleaning.sanitise({"extra": {"password": "x"}, "_meta": meta}))
    assert event == {"extra": {"password": FILTERED}, "_meta": meta}


def test_modules_keep_their_versions_in_foreign_hands(room):
    event = {"modules": {"python-jwt": "1.0", "session-auth": "2"}}
    assert room().foreign(event) == event


def test_huge_event_made_by_hand_is_bounded(room):
    many = {f"k{i}": {f"j{j}": "x" * 5000 for j in range(50)} for i in range(50)}
    event = room().foreign({"extra": many, "message": "m"})
    assert len(json.dumps(event)) < 2_000_000


# -- copies and hooks


def test_copy_shares_nothing_even_within_the_event(room):
    shared = {"a": [1]}
    cleaning = room().capture.start()
    made = cleaning.copy({"extra": {"one": shared, "two": shared}})
    made["extra"]["one"]["a"].append(2)
    assert made["extra"]["two"] == {"a": [1]}
    assert shared == {"a": [1]}


def test_copy_of_odd_data_is_plain(room):
    assert room().capture.start().copy({"extra": {"o": object}}) == {"extra": {"o": "<class 'object'>"}}


def test_settled_event_is_what_the_hook_gave(room):
    event = {"extra": {"password": "given by the hook", "long": "x" * 5000}}
    assert room().capture.start().settle(event) == event


def test_settled_event_is_plain_data_of_bounded_size(room):
    cleaning = room().capture.start()
    cyclic = {"message": "m"}
    cyclic["extra"] = {"self": cyclic}
    assert cleaning.settle({"extra": {"o": object}})["extra"] == {"o": "<class 'object'>"}
    json.dumps(cleaning.settle(cyclic))
    assert len(json.dumps(cleaning.settle({"extra": {"x": ["y" * 900_000] * 3}}))) < 300_000


# -- the rest


def test_weight_follows_the_size_of_the_event():
    made = Room()
    small, large = made.capture.start(), made.capture.start()
    small.bag({"a": 1}, ("extra",))
    large.bag({str(i): "x" * 1000 for i in range(100)}, ("extra",))
    assert small.weight() == 1000
    assert 100_000 < large.weight() < 120_000


def test_message_is_cut_and_noted(room):
    event = room().message("x" * 20_000)
    assert event["message"] == "x" * 8189 + "..."
    assert remarks(event) == {("message",): {"rem": [["!limit", "x", 8189, 8192]], "len": 20_000}}


@pytest.mark.parametrize(
    ("message", "text"), [(5, "5"), (ValueError("x"), "x"), (b"x", "b'x'"), (None, "None")]
)
def test_message_that_is_no_text_is_told_as_text(message, text, room):
    assert room().message(message)["message"] == text


def test_message_has_a_stack_when_wanted(room):
    event = room(attach_stacktrace=True).message("m", sys._getframe())
    (thread,) = event["threads"]["values"]
    assert thread["stacktrace"]["frames"][-1]["function"] == "test_message_has_a_stack_when_wanted"
    assert "threads" not in room().message("m", sys._getframe())


def test_sketch_names_the_exceptions_and_builds_no_frames():
    error = KeyError("x")
    error.__cause__ = ValueError("y")
    assert Room().capture.sketch((KeyError, error, None)) == {
        "level": "error",
        "exception": {
            "values": [
                {"type": "ValueError", "module": "builtins"},
                {"type": "KeyError", "module": "builtins"},
            ]
        },
    }


def test_breadcrumb_cut_is_noted(room):
    cleaning = room().capture.start()
    cleaning.note_breadcrumbs(150)
    assert cleaning.meta == {"breadcrumbs": {"": {"len": 150}}}


def test_sentry_keeps_the_annotations(room):
    """Relay drops annotations of paths that do not exist, and our events must lose none."""
    from sentry_relay.processing import StoreNormalizer

    def fail(pwd, long, listed):
        raise ValueError("x" * 9000)

    error = caught(fail, SECRET, "x" * 3000, list(range(30)))
    error.__cause__ = caught(fail, SECRET, "", [])
    event = room().exception(
        error, extra={"password": "x", "deep": {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}}
    )
    sent = as_sent(event)
    normal = StoreNormalizer(project_id=1, protocol_version="7").normalize_event(event=sent)
    ours = set(remarks(sent))
    assert len(ours) >= 8
    assert ours <= set(remarks_of(normal["_meta"]))


def remarks_of(node, path=()):
    for key, child in node.items():
        if key == "":
            yield path
        else:
            yield from remarks_of(child, (*path, key))
