/**
 * The deadline of a call is the `grpc-timeout` of its headers, up to the 11,000 years that the header can express. Node's
 * timers, and so those of grpc-js, end at 24.8 days.
 */
import { describe, expect, it } from "vitest";
import { useServer } from "../support/in-process.js";
import { bytesField } from "../support/wire-bytes.js";
import { connect, millis } from "../support/wire-client.js";
import { refusalOf } from "../support/wire-status.js";

const MAX_TTL_MS = 3_600_000;
const INTROSPECTION = "/ate.dispatcher.v1.IntrospectionService/";
const server = useServer({ maxTtlMs: MAX_TTL_MS });
const timeout = (value: string) => ({ metadata: { "grpc-timeout": value } });

/** 24.8 days and 1 ms, 25 days, 30 days, 41.7 days, 49.7 days, 49.8 days, and the longest. */
const FAR = ["2147484S", "600H", "720H", "1000H", "4294967S", "1195H", "99999999H"];

describe.each(FAR)("a deadline of %s", (value) => {
  it("lets a Dispatch and a Gather without a TTL have the maximum TTL", async () => {
    const client = connect(server.address);
    await client.producer(`far-${value}`, [`far.${value}`]);
    const dispatched = await client.dispatch({ topic: `far.${value}` }, timeout(value));
    expect(millis(dispatched.ttl)).toBe(MAX_TTL_MS);
    const gather = client.gather({ topic: `far.${value}` }, timeout(value));
    expect(millis((await gather.next("acceptance")).ttl)).toBe(MAX_TTL_MS);
  });

  it("leaves every kind of stream open", async () => {
    const client = connect(server.address);
    const topic = `far.streams.${value}`;
    const listener = client.listen({ topics: [topic] }, timeout(value));
    await listener.next("ready");
    const subscriber = client.subscribe(timeout(value));
    subscriber.send({ $case: "listen", value: { topics: [topic] } });
    await subscriber.next("ready");
    const watcher = client.watch(timeout(value));
    await watcher.next("server");
    const producer = client.produce(timeout(value));
    await producer.hello({ registrations: [{ topic }] });
    const submit = client.submit(timeout(value));
    submit.submit({ correlationId: "c", request: { topic } });
    producer.answer(await producer.next("assignment"), "done");
    await listener.next("delivery");
    await subscriber.next("delivery");
    await watcher.next("requestEnded");
  });

  it("lets a unary call be answered", async () => {
    await connect(server.address).unary(`${INTROSPECTION}GetServerInfo`, Buffer.alloc(0), timeout(value));
  });
});

describe.each([
  ["an unknown unit", "5x"],
  ["no unit", "5"],
  ["no number", "S"],
  ["nine digits", "999999999n"],
  ["a sign", "-5S"],
  ["a fraction", "1.5S"],
  ["text around it", "x5Sx"],
  ["two values", "5S, 6S"],
])("a deadline with %s", (_, value) => {
  const refused = { code: "INVALID_ARGUMENT", reason: "INVALID_FIELD", fields: ["grpc-timeout"] };

  it("is INVALID_ARGUMENT on every kind of call, and only the call ends", async () => {
    const client = connect(server.address);
    const init = timeout(value);
    const message = bytesField(1, bytesField(1, "t"));
    expect(await refusalOf(client.dispatchBytes(message, init))).toMatchObject(refused);
    expect(await refusalOf(client.unary(`${INTROSPECTION}ListTopics`, Buffer.alloc(0), init))).toMatchObject(
      refused,
    );
    const streams = [
      client.gather({ topic: "t" }, init),
      client.listen({}, init),
      client.subscribe(init),
      client.produce(init),
      client.submit(init),
      client.watch(init),
    ];
    for (const { ended } of streams) expect(await ended).toMatchObject(refused);
    await client.dispatch({ topic: "t" });
  });
});

describe("a deadline that Node's timers can express", () => {
  it.each([
    ["1H", 3_600_000],
    ["90M", 3_600_000],
    ["30S", 30_000],
    ["30000m", 30_000],
    ["30000000u", 30_000],
  ])("of %s is the TTL of a Dispatch without one", async (value, ms) => {
    const { ttl } = await connect(server.address).dispatch({ topic: "near" }, timeout(value));
    expect(millis(ttl)).toBeLessThanOrEqual(ms);
    expect(millis(ttl)).toBeGreaterThan(ms - 10_000);
  });

  it("ends a stream", async () => {
    const { code } = await connect(server.address).listen({}, timeout("50m")).ended;
    expect(code).toBe("DEADLINE_EXCEEDED");
  });
});
