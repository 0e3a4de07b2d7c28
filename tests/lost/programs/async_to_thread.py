"""A function on another thread fails, and takes the program with it."""

import asyncio

import sentry_like

sentry_like.init()


def work():
    raise ValueError("the thread failed")


async def main():
    await asyncio.to_thread(work)


asyncio.run(main())
