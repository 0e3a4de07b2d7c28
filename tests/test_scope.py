"""What a scope holds, how forks share it, and how it joins an event."""

from __future__ import annotations

import timeit

import pytest

import sentry_like
from sentry_like.breadcrumbs import Crumb, new_crumb
from sentry_like.scope import Scope, tag_texts


def filled(crumbs=0):
    scope = Scope()
    scope.set_tags({"a": "1"})
    scope.set_extra("e", [1])
    scope.set_context("c", {"k": 1})
    scope.set_user({"id": 1})
    scope.level = "warning"
    scope.fingerprint = ["f"]
    scope.transaction = "t"
    for number in range(crumbs):
        scope.push_crumb(Crumb({"message": str(number)}), 100)
    return scope


def messages(scope):
    return [crumb.fields["message"] for crumb in scope.breadcrumbs]


def test_fork_has_the_same_data():
    scope = filled(3)
    twin = scope.fork()
    for name in Scope.__slots__:
        assert getattr(twin, name) is getattr(scope, name)


EDITS = {
    "set_tag": lambda scope: scope.set_tag("new", "1"),
    "set_tags": lambda scope: scope.set_tags({"new": "1"}),
    "remove_tag": lambda scope: scope.remove_tag("a"),
    "set_extra": lambda scope: scope.set_extra("new", 1),
    "remove_extra": lambda scope: scope.remove_extra("e"),
    "set_context": lambda scope: scope.set_context("new", {}),
    "remove_context": lambda scope: scope.remove_context("c"),
    "set_user": lambda scope: scope.set_user({"id": 2}),
    "set_level": lambda scope: scope.set_level("error"),
    "set_fingerprint": lambda scope: scope.set_fingerprint(["g"]),
    "set_transaction_name": lambda scope: scope.set_transaction_name("u", source="route"),
    "push_crumb": lambda scope: scope.push_crumb(Crumb({"message": "new"}), 100),
    "clear_breadcrumbs": lambda scope: scope.clear_breadcrumbs(),
    "add_attachment": lambda scope: scope.add_attachment(b"x", "x.txt"),
    "add_event_processor": lambda scope: scope.add_event_processor(lambda event, hint: event),
    "add_error_processor": lambda scope: scope.add_error_processor(lambda event, exc_info: event),
    "clear": lambda scope: scope.clear(),
    "update_from_kwargs": lambda scope: scope.update_from_kwargs(tags={"new": "1"}, extras={"new": 1}),
    "update_from_scope": lambda scope: scope.update_from_scope(filled(1)),
}


def state(scope):
    return {name: getattr(scope, name) for name in Scope.__slots__}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_edit_of_a_fork_never_reaches_its_parent(edit):
    scope = filled(2)
    before = state(scope), messages(scope)
    edit(scope.fork())
    assert (state(scope), messages(scope)) == before


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_edit_of_a_parent_never_reaches_its_fork(edit):
    scope = filled(2)
    twin = scope.fork()
    before = state(twin), messages(twin)
    edit(scope)
    assert (state(twin), messages(twin)) == before


def test_fork_costs_the_same_with_a_hundred_breadcrumbs():
    empty, full = filled(0), filled(100)
    costs = [
        (timeit.timeit(empty.fork, number=2000), timeit.timeit(full.fork, number=2000)) for _ in range(7)
    ]
    assert min(full for _, full in costs) < 2 * min(empty for empty, _ in costs)


def test_newest_breadcrumbs_are_kept_in_order():
    scope = Scope()
    for number in range(1000):
        scope.push_crumb(Crumb({"message": str(number)}), 10)
    assert messages(scope) == [str(number) for number in range(990, 1000)]
    assert scope.breadcrumbs_total == 1000


def test_memory_of_breadcrumbs_is_bounded():
    scope = Scope()
    for number in range(1000):
        scope.push_crumb(Crumb({"message": str(number)}), 10)
    links, link = 0, scope._crumbs.chain
    while link is not None:
        links, link = links + 1, link[1]
    assert links + len(scope._crumbs.block) <= 20


def test_clear_forgets_data_and_keeps_processors():
    scope = filled(2)
    scope.add_event_processor(lambda event, hint: event)
    scope.clear()
    assert scope.has_processors()
    assert scope.tags == {}
    assert scope.breadcrumbs == []


def test_user_is_a_snapshot_of_what_was_given():
    given = {"id": 1}
    scope = Scope()
    scope.user = given
    given["id"] = 2
    assert scope.user == {"id": 1}


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "True"), (1.5, "1.5"), (7, "7"), ("a\nb", "a b"), ("x" * 201, "x" * 197 + "...")],
    ids=["bool", "float", "int", "newline", "too long"],
)
def test_tag_values_are_text_on_one_line(value, text):
    assert tag_texts({"k": value}) == {"k": text}


@pytest.mark.parametrize(
    ("key", "sent"),
    [("with space", "with-space"), ("naïve/key", "na_ve_key"), (1, "1"), ("ok.key:1-2", "ok.key:1-2")],
    ids=["space", "forbidden", "int", "allowed"],
)
def test_tag_keys_are_what_the_server_keeps(key, sent, sentry_accepts):
    assert list(tag_texts({key: "v"})) == [sent]


def test_tag_whose_text_raises_still_has_its_name():
    class Broken:
        def __str__(self):
            raise RuntimeError

    assert tag_texts({"k": Broken()}) == {"k": "<unreadable Broken>"}


def test_scope_wins_over_the_event_per_key_and_fills_gaps(init, events):
    init()
    with sentry_like.push_scope() as scope:
        scope.set_tags({"both": "scope", "own": "scope"})
        scope.set_extra("both", "scope")
        scope.set_context("both", {"from": "scope"})
        scope.level = "warning"
        scope.user = {"id": "scope"}
        scope.fingerprint = ["scope"]
        scope.transaction = "scope"
        sentry_like.capture_event(
            {
                "message": "m",
                "level": "info",
                "tags": {"both": "event", "event": "event"},
                "extra": {"both": "event", "event": "event"},
                "contexts": {"both": {"from": "event"}},
                "user": {"id": "event"},
                "fingerprint": ["event"],
                "transaction": "event",
            }
        )
    event = events[0]
    assert event["tags"] == {"both": "scope", "own": "scope", "event": "event"}
    assert event["extra"] == {"both": "scope", "event": "event"}
    assert event["contexts"]["both"] == {"from": "scope"}
    assert event["level"] == "warning"
    assert (event["user"], event["fingerprint"], event["transaction"]) == (
        {"id": "event"},
        ["event"],
        "event",
    )


def test_transaction_name_carries_its_source(init, events):
    init()
    sentry_like.set_transaction_name("/users/{id}", source="route")
    sentry_like.capture_message("x")
    assert (events[0]["transaction"], events[0]["transaction_info"]) == ("/users/{id}", {"source": "route"})


def test_critical_is_spelled_fatal_on_the_wire(init, events):
    init()
    sentry_like.set_level("critical")
    sentry_like.capture_message("x")
    assert events[0]["level"] == "fatal"


def test_error_processors_run_for_their_class_only(init, events):
    init()
    calls = []
    scope = sentry_like.Hub.current.scope
    scope.add_error_processor(lambda event, exc_info: calls.append(("all", exc_info[0])) or event)
    scope.add_error_processor(lambda event, exc_info: calls.append("key") or event, KeyError)
    sentry_like.capture_exception(ValueError())
    sentry_like.capture_message("no exception")
    assert calls == [("all", ValueError)]


def test_more_than_twenty_processors_all_run(init, events):
    init()
    calls = []
    for number in range(25):
        sentry_like.Hub.current.scope.add_event_processor(
            lambda event, hint, number=number: calls.append(number) or event
        )
    sentry_like.capture_message("x")
    assert calls == list(range(25))


def test_scope_captures_with_its_data_laid_over(init, events):
    init()
    sentry_like.set_tag("present", "1")
    scope = Scope()
    scope.set_tag("own", "1")
    scope.capture_message("m")
    scope.capture_exception(ValueError())
    scope.capture_event({"message": "e"})
    assert [event["tags"] for event in events] == [{"present": "1", "own": "1"}] * 3


def test_scope_adds_breadcrumbs_to_itself(init, events):
    init()
    scope = Scope()
    scope.add_breadcrumb(message="own")
    sentry_like.capture_message("x", scope=scope)
    sentry_like.capture_message("y")
    assert events[0]["breadcrumbs"]["values"][0]["message"] == "own"
    assert "breadcrumbs" not in events[1]


def test_keywords_win_over_the_dict_of_a_breadcrumb():
    crumb = new_crumb({"message": "dict", "level": "info"}, {"message": "keyword"})
    assert (crumb["message"], crumb["level"], crumb["type"]) == ("keyword", "info", "default")
