"""A future gets an exception that nobody looks at."""

import asyncio

import sentry_like

sentry_like.init()


async def main():
    future = asyncio.get_running_loop().create_future()
    future.set_exception(ValueError("nobody looks"))
    del future
    await asyncio.sleep(0.01)


asyncio.run(main())
