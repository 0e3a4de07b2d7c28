"""A task fails, and takes the program that awaits it with it."""

import asyncio

import sentry_like

sentry_like.init()


async def work():
    await asyncio.sleep(0)
    raise ValueError("the task failed")


async def main():
    await asyncio.create_task(work())


asyncio.run(main())
