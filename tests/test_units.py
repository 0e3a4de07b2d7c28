"""A task, a callback of an event loop and a thread each have a hub of their own."""

from __future__ import annotations

import asyncio
import socket

import pytest

import sentry_like
from sentry_like.hub import Hub


@pytest.fixture
def loop():
    made = asyncio.new_event_loop()
    yield made
    made.close()


def mark(loop, number):
    sentry_like.set_tag("number", f"{number}")
    loop.call_later(0.001 * (number % 3), say, number)


def say(number):
    sentry_like.capture_message(f"{number}")


def mark_all(loop):
    sentry_like.add_breadcrumb(message="the hub of this callback is in use")
    for number in range(100):
        loop.call_soon(mark, loop, number)


async def as_a_task(loop):
    sentry_like.set_tag("job", "import")
    mark_all(loop)
    await asyncio.sleep(0.05)


def as_a_callback(loop):
    loop.call_soon(mark_all, loop)
    return asyncio.sleep(0.05)


def from_outside(loop):
    for number in range(100):
        loop.call_soon(mark, loop, number)
    return asyncio.sleep(0.05)


@pytest.mark.parametrize("start", [as_a_task, as_a_callback, from_outside], ids=lambda one: one.__name__)
def test_callbacks_share_nothing_whoever_schedules_them(init, events, loop, start):
    init()
    loop.run_until_complete(start(loop))
    assert len(events) == 100
    assert all(event["tags"]["number"] == event["message"] for event in events)
    assert Hub.main.scope.tags == {}


def test_callback_that_is_called_again_finds_its_hub_as_it_left_it(init, events, loop):
    init()

    def read():
        here.recv(1)
        count = int(Hub.current.scope.tags.get("count", 0)) + 1
        sentry_like.set_tag("count", count)
        sentry_like.capture_message(f"{count}")

    async def main():
        loop.add_reader(here, read)
        for _ in range(3):
            there.send(b"x")
            await asyncio.sleep(0.01)
        loop.remove_reader(here)

    here, there = socket.socketpair()
    with here, there:
        loop.run_until_complete(main())
    assert [event["tags"]["count"] for event in events] == ["1", "2", "3"]
    assert Hub.main.scope.tags == {}


def test_hub_of_a_thread_is_the_same_after_a_loop_ran_there(init, loop):
    init()
    loop.set_exception_handler(lambda *_: sentry_like.set_tag("handler", "was here"))
    loop.call_soon(lambda: 1 / 0)
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert Hub.current is Hub.main
