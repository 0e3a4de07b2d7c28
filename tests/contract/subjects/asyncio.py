"""What an event loop can raise to nobody."""

from __future__ import annotations

import asyncio
from asyncio.base_events import BaseEventLoop

from subject import Subject, trouble


class Asyncio(Subject):
    identifier = "asyncio"

    def targets(self):
        return [(BaseEventLoop, "call_exception_handler")]

    def work(self):
        return asyncio.run(self.work_in_task())

    def fail(self, cargo):
        return asyncio.run(self.fail_in_task(cargo))

    async def work_in_task(self):
        task = asyncio.ensure_future(asyncio.sleep(0, 5))
        return await task

    async def fail_in_task(self, cargo):
        asyncio.get_running_loop().call_soon(trouble, cargo)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


SUBJECT = Asyncio()
