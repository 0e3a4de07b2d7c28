"""Two tasks of an anyio group fail."""

import anyio

import sentry_like

sentry_like.init()


async def work(number):
    raise ValueError(f"task {number} failed")


async def main():
    async with anyio.create_task_group() as group:
        group.start_soon(work, 1)
        group.start_soon(work, 2)


anyio.run(main)
