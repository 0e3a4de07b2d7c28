"""A task fails in another kind of loop, and nobody awaits it."""

import asyncio

import uvloop

import sentry_like

sentry_like.init()


async def work():
    raise ValueError("nobody awaits this")


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0.01)
    del task


loop = uvloop.new_event_loop()
loop.run_until_complete(main())
loop.close()
