"""Commands of PyMongo, as it tells its listeners of them, without a server."""

from __future__ import annotations

from datetime import timedelta

from pymongo import monitoring
from pymongo.errors import OperationFailure
from subject import Subject

ADDRESS = ("server.example", 27017)


class PyMongo(Subject):
    """Work is a command that is answered; a failure one that is refused."""

    identifier = "pymongo"
    of_work = 1

    def prepare(self):
        super().prepare()
        self.listeners = monitoring._EventListeners(None)

    def targets(self):
        from pymongo.asynchronous import pool as async_pool
        from pymongo.asynchronous import topology as async_topology
        from pymongo.synchronous import pool, topology

        names = (
            "enabled_for_commands",
            *(f"publish_command_{way}" for way in ("start", "success", "failure")),
        )
        return [
            *((monitoring._EventListeners, name) for name in names),
            *((place.Topology, "select_servers") for place in (topology, async_topology)),
            *((place.Pool, "connect") for place in (pool, async_pool)),
        ]

    def work(self):
        if self.listeners.enabled_for_commands:
            self._start({"find": "users", "filter": {"a": 1}})
            self.listeners.publish_command_success(timedelta(0), {"ok": 1}, "find", 7, ADDRESS, 1)
        return {"ok": 1}

    def fail(self, cargo):
        held, details = cargo, {"ok": 0, "code": 59, "errmsg": "no such command"}
        if self.listeners.enabled_for_commands:
            self._start({"nosuch": 1})
            self.listeners.publish_command_failure(timedelta(0), details, "nosuch", 7, ADDRESS, 1)
        raise OperationFailure(f"{details['errmsg']} {type(held).__name__}", 59, details)

    def _start(self, command):
        self.listeners.publish_command_start(command, "shop", 7, ADDRESS, 1)


SUBJECT = PyMongo()
