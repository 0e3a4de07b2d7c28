"""A function on another thread fails, and who awaits it catches that."""

import asyncio

import sentry_like

sentry_like.init()


def work():
    raise ValueError("caught")


async def main():
    try:
        await asyncio.to_thread(work)
    except ValueError:
        print("handled")


asyncio.run(main())
