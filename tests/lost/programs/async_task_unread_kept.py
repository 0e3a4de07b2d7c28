"""A task fails, nobody awaits it, and it is still there at the end."""

import asyncio

import sentry_like

sentry_like.init()

tasks = []


async def work():
    raise ValueError("nobody awaits this")


async def main():
    tasks.append(asyncio.create_task(work()))
    await asyncio.sleep(0.01)


asyncio.run(main())
