"""Two tasks of a group fail, and that is caught."""

import asyncio

import sentry_like

sentry_like.init()


async def work(number):
    raise ValueError(f"task {number} failed")


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work(1))
            group.create_task(work(2))
    except Exception:
        print("handled")


asyncio.run(main())
