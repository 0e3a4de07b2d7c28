"""The parts of `scripts/bench`: a workload, two clients, one child process per measurement, one table."""
