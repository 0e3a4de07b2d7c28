"""A task fails because the end of the program cancels it."""

import asyncio

import sentry_like

sentry_like.init()


async def work():
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        raise ValueError("could not tidy up") from None


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    print(task.done())


asyncio.run(main())
