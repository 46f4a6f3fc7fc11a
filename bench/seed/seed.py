"""
The original ate-dispatcher 0.1.0 in one process: dispatcher, producers and listeners are its threads.

The only argument is what to measure, as JSON. Runs the same closed loop as the other peers, checks every result, and
prints one JSON object: the figures, or an error. Needs nothing but ate-dispatcher; `--version` prints its version.
"""

import json
import sys
import threading
import time

import ate_dispatcher
from ate_dispatcher import ATEDispatcher, Producer, ResultListener

TOPIC = "bench.topic"
STALL_S = 5.0
VERIFY_EVERY = 61
HEAD_BYTES = 6


class Loop:
    """Keeps a number of requests outstanding and accounts for every delivery."""

    def __init__(self, spec, dispatcher):
        self.dispatcher = dispatcher
        self.window = spec["window"]
        self.per_request = spec["producers"] * spec["listeners"]
        self.missing = {}
        self.completed = 0
        self.verified = 0
        self.next = 0
        self.error = None
        self.is_stopping = False
        self.idle = threading.Event()
        self.lock = threading.Lock()
        template = bytes(index * 31 & 0xFF for index in range(spec["payloadBytes"]))
        self.tail = template[HEAD_BYTES:]

    def start(self):
        with self.lock:
            for _ in range(self.window):
                self._begin()

    def stop(self):
        with self.lock:
            self.is_stopping = True
            if not self.missing:
                self.idle.set()
        if not self.idle.wait(STALL_S):
            raise RuntimeError(f"{len(self.missing)} requests did not complete")

    def create(self, sequence, producer):
        return sequence.to_bytes(4, "little") + producer.to_bytes(2, "little") + self.tail

    def delivered(self, payload, verify):
        sequence = int.from_bytes(payload[:4], "little")
        if len(payload) != len(self.tail) + HEAD_BYTES or (verify and payload[HEAD_BYTES:] != self.tail):
            self.error = "a delivered payload was altered"
        with self.lock:
            if verify:
                self.verified += 1
            missing = self.missing.get(sequence)
            if missing is None:
                self.error = f"an event came for request {sequence}, which is not outstanding"
            elif missing > 1:
                self.missing[sequence] = missing - 1
            else:
                self._end(sequence)

    def _begin(self):
        sequence = self.next
        self.next += 1
        self.missing[sequence] = self.per_request
        # As programs that use the library do: it has no call for a request, only the queue.
        self.dispatcher.queue.put(
            {"kind": "request", "topic": TOPIC, "args": (sequence,), "kwargs": {"ttl": 10_000}}
        )

    def _end(self, sequence):
        del self.missing[sequence]
        self.completed += 1
        if not self.is_stopping:
            self._begin()
        elif not self.missing:
            self.idle.set()


class Answering(Producer):
    def __init__(self, loop, index):
        super().__init__()
        self.loop = loop
        self.index = index

    def produce_dispatcher_output(self, topic, sequence):
        return self.loop.create(sequence, self.index)


class Listening(ResultListener):
    def __init__(self, loop):
        super().__init__()
        self.loop = loop
        self.received = 0

    def process_dispatcher_result(self, topic, response):
        self.received += 1
        self.loop.delivered(response, self.received % VERIFY_EVERY == 1)


def measure(spec):
    dispatcher = ATEDispatcher()
    loop = Loop(spec, dispatcher)
    producers = [Answering(loop, index) for index in range(spec["producers"])]
    listeners = [Listening(loop) for _ in range(spec["listeners"])]
    for producer in producers:
        dispatcher.register_result_producer(producer, TOPIC)
    for listener in listeners:
        dispatcher.register_result_listener(listener, TOPIC)
    for thread in [*producers, *listeners, dispatcher]:
        thread.daemon = True
        thread.start()

    loop.start()
    time.sleep(spec["warmupMs"] / 1000)
    begin, cpu_begin, before = time.perf_counter(), time.process_time(), loop.completed
    time.sleep(spec["measureMs"] / 1000)
    end, cpu_end, after = time.perf_counter(), time.process_time(), loop.completed
    loop.stop()
    if loop.error is not None:
        raise RuntimeError(loop.error)
    for listener in listeners:
        if listener.received != loop.completed * spec["producers"]:
            raise RuntimeError(f"a listener got {listener.received} results")
    deliveries = (after - before) * loop.per_request
    if deliveries == 0:
        raise RuntimeError("no request completed in the measured time")
    dispatcher.stop()
    return {
        "deliveriesPerSecond": deliveries / (end - begin),
        "serverCpuUsPerDelivery": (cpu_end - cpu_begin) * 1e6 / deliveries,
        "serverCores": (cpu_end - cpu_begin) / (end - begin),
        "requestCount": after - before,
        "measuredMs": (end - begin) * 1000,
        "verifiedCount": loop.verified,
    }


if __name__ == "__main__":
    if sys.argv[1] == "--version":
        print(ate_dispatcher.__version__)
    else:
        try:
            answer = {"ok": True, "measurement": measure(json.loads(sys.argv[1]))}
        except Exception as error:
            answer = {"ok": False, "error": str(error)}
        print(json.dumps(answer))
