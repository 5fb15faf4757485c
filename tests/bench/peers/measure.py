"""Seconds of one call: the median over rounds, each of as many calls as last for `least` seconds."""
import statistics
import time


def seconds_per_call(work, calls):
    start = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - start) / calls


def seconds_of(work, rounds, least):
    work()
    work()
    calls = int(least / seconds_per_call(work, 1)) + 1
    return statistics.median(seconds_per_call(work, calls) for _ in range(rounds))
