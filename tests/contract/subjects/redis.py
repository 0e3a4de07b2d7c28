"""Commands of redis-py, answered within the process."""

from __future__ import annotations

from importlib import import_module

import redis
from subject import Subject


class Answering(redis.Connection):
    """A connection behind which a server answers at once, each GET well."""

    def connect(self, *args, **options):
        """There is nothing to connect to."""

    def connect_check_health(self, *args, **options):
        """The same."""

    def disconnect(self, *args, **options):
        """The same."""

    def can_read(self, *args, **options):
        return False

    def send_command(self, *args, **options):
        self.asked = args

    def read_response(self, *args, **options):
        if self.asked[0] == "GET":
            return b"value"
        raise redis.ResponseError("WRONGTYPE")


class Redis(Subject):
    """Work is a command that is answered; a failure one that is refused."""

    identifier = "redis"
    of_work = 1

    def prepare(self):
        super().prepare()
        pool = redis.ConnectionPool(connection_class=Answering)
        self.client = redis.Redis(connection_pool=pool)

    def targets(self):
        methods = [
            ("Redis", "execute_command"),
            ("Pipeline", "immediate_execute_command"),
            ("Pipeline", "execute"),
            ("PubSub", "execute_command"),
            ("RedisCluster", "execute_command"),
            ("ClusterPubSub", "execute_command"),
            ("ClusterPipeline", "execute"),
        ]
        places = [import_module(f"redis.{name}") for name in ("client", "cluster")]
        places += [import_module(f"redis.asyncio.{name}") for name in ("client", "cluster")]
        owners = [(vars(place).get(owner), name) for place in places for owner, name in methods]
        own = [one for one in owners if one[1] in vars(one[0] or object)]
        return [one for place in places for one in own if one[0].__module__ == place.__name__]

    def work(self):
        return self.client.get("key")

    def fail(self, cargo):
        held = cargo
        try:
            self.client.lpush("key", "value")
        finally:
            del held


SUBJECT = Redis()
