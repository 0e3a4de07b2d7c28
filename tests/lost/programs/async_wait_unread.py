"""Waits for tasks, and looks at no result."""

import asyncio

import sentry_like

sentry_like.init()


async def work(number):
    raise ValueError(f"task {number} failed")


async def main():
    await asyncio.wait([asyncio.create_task(work(number)) for number in range(2)])


asyncio.run(main())
