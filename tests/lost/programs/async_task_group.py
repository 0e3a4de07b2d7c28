"""Two tasks of a group fail."""

import asyncio

import sentry_like

sentry_like.init()


async def work(number):
    raise ValueError(f"task {number} failed")


async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(work(1))
        group.create_task(work(2))


asyncio.run(main())
