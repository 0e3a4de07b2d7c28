"""Cancels a task, and ends while another runs."""

import asyncio

import sentry_like

sentry_like.init()


async def main():
    task = asyncio.create_task(asyncio.sleep(10))
    other = asyncio.create_task(asyncio.sleep(10))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    print(other.done())


asyncio.run(main())
