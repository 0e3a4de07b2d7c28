"""A callback of the loop fails."""

import asyncio

import sentry_like

sentry_like.init()


def ring():
    raise ValueError("the callback failed")


async def main():
    asyncio.get_running_loop().call_soon(ring)
    await asyncio.sleep(0.01)


asyncio.run(main())
