"""A thread dies in the midst of what its creator was doing, and sets tags that are its own."""

import threading

import sentry_like

sentry_like.init()


def work(number):
    sentry_like.set_tag("part", f"{number}")
    raise ValueError(f"part {number} failed")


with sentry_like.push_scope() as scope:
    scope.set_tag("job", "import")
    for number in range(2):
        thread = threading.Thread(target=work, args=(number,))
        thread.start()
        thread.join()
sentry_like.capture_message("afterwards")
