"""A task fails, and who awaits it catches that."""

import asyncio

import sentry_like

sentry_like.init()


async def work():
    await asyncio.sleep(0)
    raise ValueError("caught")


async def main():
    task = asyncio.create_task(work())
    try:
        await task
    except ValueError:
        print("handled")


asyncio.run(main())
