"""Something takes too long, and that is caught."""

import asyncio

import sentry_like

sentry_like.init()


async def main():
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.01)
    except asyncio.TimeoutError:
        print("handled")


asyncio.run(main())
