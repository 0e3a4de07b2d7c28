"""Carries envelopes away: never blocks the caller on the network, never raises, counts whatever is lost.

`base.py` is what people subclass and how options choose; `worker.py` the thread and its life, `backlog.py`
what waits for it, `delivery.py` the way of one envelope, `http.py` and `connection.py` one request,
`reports.py` the ledger. `forks.py` is how all of them start anew in a forked child.
"""
