"""A program for ate-dispatcher 0.1.0: the example of its README and more. Tests run it with both libraries."""

import threading
import time
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

from ate_dispatcher import ATEDispatcher, Producer, ResultListener


class SpecificTopicProducer(Producer):
    def __init__(self, _id, timeout, *topics):
        super().__init__()
        self.id = _id
        self.timeout = timeout / 1000
        self.topics = topics

    def produce_dispatcher_output(self, topic, *args, **kwargs):
        time.sleep(self.timeout)
        return {"id": self.id, "some_key": topic, "args": args, "kwargs": kwargs}


class Echo(Producer):
    def produce_dispatcher_output(self, topic, *args, **kwargs):
        return args, kwargs


class Example(ResultListener):
    def __init__(self, name):
        super().__init__()
        self.name_of_mine = name
        self.responses = {}
        self.condition = threading.Condition()

    def clear(self):
        self.responses = {}

    def process_dispatcher_result(self, topic, response):
        with self.condition:
            self.responses.setdefault(topic, []).append(response)
            self.condition.notify_all()

    def wait_for(self, topic, count):
        with self.condition:
            self.condition.wait_for(lambda: len(self.responses.get(topic, [])) >= count, 5)


dispatcher = ATEDispatcher()
dispatcher.start()

producer1 = SpecificTopicProducer(0, 200, "topic1", "my_topic")
producer2 = SpecificTopicProducer(1, 500, "topic1", "topic2", "my_topic")
for producer in (producer1, producer2):
    producer.start()
    for topic in producer.topics:
        dispatcher.register_result_producer(producer, topic)

listener1, listener2 = Example("listener1"), Example("listener2")
for listener in (listener1, listener2):
    listener.start()
for topic in ["topic1", "topic2", "my_topic"]:
    dispatcher.register_result_listener(listener1, topic)
for topic in ["topic1", "my_topic"]:
    dispatcher.register_result_listener(listener2, topic)


def show(title):
    print(title)
    for listener in (listener1, listener2):
        print(" ", listener.name_of_mine, listener.responses)
        listener.clear()


dispatcher.send_request("topic1", 3, 4, 5, ttl=4000, keyword="b")
time.sleep(1.0)
show("in time, both")

dispatcher.send_request("my_topic", 3, 4, 5, ttl=350, keyword="b")
time.sleep(1.0)
show("too late, the second one")

dispatcher.send_request("topic2", 3, 4, 5, ttl=1500, keyword="b")
time.sleep(1.0)
show("one listener")

dispatcher.deregister_result_listener(listener2, "my_topic")
dispatcher.deregister_result_producer(producer1, "topic1")
dispatcher.send_request("my_topic", ttl=2000)
dispatcher.send_request("topic1", ttl=2500)
time.sleep(1.5)
show("some have left")

for producer in (producer1, producer2):
    for topic in producer.topics:
        dispatcher.deregister_result_producer(producer, topic)
    producer.stop()
    producer.join()

echo = Echo()
echo.start()
VALUES = [
    None,
    True,
    0,
    2**53 + 1,
    -(10**40),
    1.0,
    -0.0,
    1e300,
    0.1,
    "grüße 🙂",
    "\ud800",
    b"\x00\xff",
    bytearray(b"x"),
    (),
    (1, (2, [3, (4,)])),
    [],
    {"nested": {1: "one", (2, 3): b"tuple", None: [None]}, "$tuple": 1},
    {1, 2, 3},
    frozenset({1}),
    datetime(2026, 3, 1, 12, 30, 1, 5),
    datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=2))),
    date(2026, 3, 1),
    timedelta(days=-1, microseconds=3),
    Decimal("1.10"),
    UUID(int=5),
    complex(1, -2),
    float("inf"),
]
for topic in ["any topic, even ünusual > *", "", "plain"]:
    dispatcher.register_result_producer(echo, topic)
    dispatcher.register_result_listener(listener1, topic)
    dispatcher.send_request(topic, *VALUES, a=1, self_=2, args=(3,), kwargs={4: 5}, topic_="t")
    listener1.wait_for(topic, 1)
show("values")

for number in range(200):
    dispatcher.send_request("plain", number, odd=number % 2 == 1)
listener1.wait_for("plain", 200)
print([args[0] for args, _ in listener1.responses["plain"]] == list(range(200)))
listener1.clear()

dispatcher.send_request("nobody listens or answers")
dispatcher.stop()
dispatcher.join()
for thread in (echo, listener1):
    thread.join()
listener2.stop()
listener2.join()
print("alive:", [thread.is_alive() for thread in (dispatcher, echo, listener1, listener2)])
