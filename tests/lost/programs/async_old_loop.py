"""The loop was there before the client."""

import asyncio

import sentry_like


async def work():
    raise ValueError("nobody awaits this")


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    del task


loop = asyncio.new_event_loop()
sentry_like.init()
loop.run_until_complete(main())
loop.close()
