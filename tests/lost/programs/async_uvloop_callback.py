"""A callback of another kind of loop fails."""

import asyncio

import uvloop

import sentry_like

sentry_like.init()


def ring():
    raise ValueError("the callback failed")


async def main():
    asyncio.get_running_loop().call_soon(ring)
    await asyncio.sleep(0.01)


loop = uvloop.new_event_loop()
loop.run_until_complete(main())
loop.close()
