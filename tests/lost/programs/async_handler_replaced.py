"""The loop has an exception handler of the application's own."""

import asyncio

import sentry_like

sentry_like.init()


def say(loop, context):
    print(f"sorry: {context['exception']}")


def ring():
    raise ValueError("the handler is another's")


async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(say)
    loop.call_soon(ring)
    await asyncio.sleep(0.01)


asyncio.run(main())
