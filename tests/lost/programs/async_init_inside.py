"""The client is made in the loop, after the task."""

import asyncio

import sentry_like


async def work():
    raise ValueError("nobody awaits this")


async def main():
    task = asyncio.create_task(work())
    sentry_like.init()
    await asyncio.sleep(0.01)
    del task


asyncio.run(main())
