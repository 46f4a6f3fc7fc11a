/**
 * A person at a terminal with buf curl and nothing else: no proto files, no client of ours. Everything comes from
 * reflection, and everything can be typed. What the README quotes is what this file runs:
 *
 *   buf curl --protocol grpc --list-methods http://127.0.0.1:50051
 *
 *   # a listener, in a first terminal
 *   buf curl --protocol grpc -d '{"topics":["topic1"],"include_summaries":true}' \
 *     http://127.0.0.1:50051/ate.dispatcher.v1.DispatcherService/Listen
 *
 *   # a producer, in a second one: type the first line, then the second one once an assignment is printed, then the last
 *   buf curl --protocol grpc -d @- http://127.0.0.1:50051/ate.dispatcher.v1.DispatcherService/Produce
 *   {"messages":[{"hello":{"producer_id":"me","registrations":[{"topic":"topic1"}]}}]}
 *   {"messages":[{"reply":{"assignment_id":"1","result":{"value":{"id":1}}}}]}
 *   {"messages":[{"drain":{}}]}
 *
 *   # a request, in a third one
 *   buf curl --protocol grpc \
 *     -d '{"request":{"topic":"topic1","args":[3,4,5],"kwargs":{"keyword":"b"},"ttl":"60s"}}' \
 *     http://127.0.0.1:50051/ate.dispatcher.v1.DispatcherService/Dispatch
 */
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { startServer, useServer } from "../support/in-process.js";
import { createProcesses, type RunningProcess } from "../support/processes.js";

const BUF = fileURLToPath(new URL("../../node_modules/.bin/buf", import.meta.url));
const SERVICE = "ate.dispatcher.v1.DispatcherService";

const server = useServer();
const processes = createProcesses();
afterEach(() => processes.stopAll());

/** Parsed JSON of any shape. */
// biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it.
type Json = any;

/** Starts buf curl. What it prints is a sequence of indented JSON documents. */
function curl(address: string, path: string, ...args: readonly string[]) {
  return start(["curl", "--protocol", "grpc", ...args, `http://${address}${path && `/${path}`}`]);
}

function start(
  args: readonly string[],
): RunningProcess & { document(): Promise<Json>; type(message: Json): void } {
  const started = processes.start(BUF, args, { input: "open" });
  let read = 0;
  return Object.assign(started, {
    async document() {
      await started.stdout.next(/^\}$/);
      const end = started.stdout.all.indexOf("}", read) + 1;
      const text = started.stdout.all.slice(read, end).join("\n");
      read = end;
      return JSON.parse(text);
    },
    type(message: Json) {
      started.stdin.write(`${JSON.stringify(message)}\n`);
    },
  });
}

/** Runs buf curl to its end. @returns its exit code and what it printed. */
async function run(address: string, path: string, ...args: readonly string[]) {
  const started = curl(address, path, ...args);
  const { code } = await started.exit();
  return { code, lines: started.stdout.all, error: started.stderr.all.join("\n") };
}

describe("by hand, with buf curl alone:", () => {
  it("the services are listed", async () => {
    const { code, lines } = await run(server.address, "", "--list-services");
    expect(code).toBe(0);
    expect(lines).toEqual([
      SERVICE,
      "ate.dispatcher.v1.IntrospectionService",
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
    ]);
  });

  it.each(["grpc-v1", "grpc-v1alpha"])("the methods are listed by reflection %s", async (protocol) => {
    const { lines } = await run(server.address, "", "--list-methods", "--reflect-protocol", protocol);
    for (const method of [
      "Dispatch",
      "Gather",
      "Submit",
      "CancelRequest",
      "Produce",
      "Listen",
      "Subscribe",
    ]) {
      expect(lines).toContain(`${SERVICE}/${method}`);
    }
  });

  it("a request is dispatched as JSON", async () => {
    const request = '{"request":{"topic":"topic1","args":[3,4,5],"kwargs":{"keyword":"b"},"ttl":"4s"}}';
    const { code, lines } = await run(server.address, `${SERVICE}/Dispatch`, "-d", request);
    expect(code).toBe(0);
    expect(JSON.parse(lines.join("\n"))).toMatchObject({ acceptance: { ttl: "4s" } });
  });

  it("a gather prints its acceptance and its summary", async () => {
    const gather = curl(server.address, `${SERVICE}/Gather`, "-d", '{"request":{"topic":"nobody"}}');
    const { events } = await gather.document();
    expect(events).toMatchObject([
      { acceptance: {} },
      { summary: { reason: "SUMMARY_REASON_NO_PRODUCERS", topic: "nobody" } },
    ]);
    expect((await gather.exit()).code).toBe(0);
  });

  it("a mistake is told by its field", async () => {
    const { code, error } = await run(
      server.address,
      `${SERVICE}/Dispatch`,
      "-d",
      '{"request":{"topic":"a..b"}}',
    );
    expect(code).toBe(3 << 3);
    expect(JSON.parse(error)).toMatchObject({
      code: "invalid_argument",
      message: expect.stringMatching(/^request\.topic /),
      details: [{ type: "google.rpc.ErrorInfo" }, { type: "google.rpc.BadRequest" }],
    });
  });

  it("the mission's scenario: Listen running, Produce by typing, Dispatch", async () => {
    const { address } = await startServer();
    const listen = (topics: readonly string[]) =>
      curl(address, `${SERVICE}/Listen`, "-d", JSON.stringify({ topics, include_summaries: true }));
    const produce = (id: string) => {
      const producer = curl(address, `${SERVICE}/Produce`, "-d", "@-");
      const registrations = [{ topic: "topic1" }, { topic: "my_topic" }];
      producer.type({ messages: [{ hello: { producer_id: id, registrations } }] });
      return producer;
    };
    const dispatch = async (topic: string, ttl: string): Promise<void> => {
      const request = { topic, args: [3, 4, 5], kwargs: { keyword: "b" }, ttl };
      const { code } = await run(address, `${SERVICE}/Dispatch`, "-d", JSON.stringify({ request }));
      expect(code).toBe(0);
    };
    const [listener1, listener2] = [listen(["topic1", "my_topic"]), listen(["topic1"])];
    const [producer1, producer2] = [produce("producer1"), produce("producer2")];
    for (const listener of [listener1, listener2]) await listener.document();
    for (const producer of [producer1, producer2]) await producer.document();
    const asked = async (producer: typeof producer1) => (await producer.document()).messages[0].assignment;
    const answer = (producer: typeof producer1, { assignmentId, request }: Json, id: number) => {
      const value = { id, some_key: request.topic, args: request.args, kwargs: request.kwargs };
      producer.type({ messages: [{ reply: { assignment_id: assignmentId, result: { value } } }] });
    };
    const heard = async (listener: typeof listener1) => (await listener.document()).events;

    await dispatch("topic1", "30s");
    const [first, second] = [await asked(producer1), await asked(producer2)];
    expect(first.request).toEqual({
      topic: "topic1",
      args: [3, 4, 5],
      kwargs: { keyword: "b" },
      ttl: "30s",
    });
    answer(producer1, first, 1);
    const result = (id: number) => ({
      value: { id, some_key: "topic1", args: [3, 4, 5], kwargs: { keyword: "b" } },
    });
    for (const listener of [listener1, listener2]) {
      expect(await heard(listener)).toMatchObject([
        { delivery: { producerId: "producer1", result: result(1) } },
      ]);
    }
    answer(producer2, second, 2);
    for (const listener of [listener1, listener2]) {
      expect(await heard(listener)).toMatchObject([
        { delivery: { producerId: "producer2", result: result(2) } },
        { summary: { reason: "SUMMARY_REASON_ALL_ANSWERED", answeredCount: 2 } },
      ]);
    }

    const dispatched = dispatch("my_topic", "1.5s");
    answer(producer1, await asked(producer1), 1);
    await dispatched;
    expect(await heard(listener1)).toMatchObject([{ delivery: { producerId: "producer1" } }]);
    const late = await asked(producer2);
    expect((await producer2.document()).messages).toEqual([
      { revocation: { assignmentIds: [late.assignmentId], reason: "REVOCATION_REASON_EXPIRED" } },
    ]);
    answer(producer2, late, 2);
    expect(await heard(listener1)).toMatchObject([
      {
        summary: {
          reason: "SUMMARY_REASON_EXPIRED",
          outcomes: expect.arrayContaining([
            expect.objectContaining({ producerId: "producer1", state: "OUTCOME_STATE_ANSWERED" }),
            expect.objectContaining({ producerId: "producer2", state: "OUTCOME_STATE_MISSED" }),
          ]),
        },
      },
    ]);

    for (const producer of [producer1, producer2]) {
      producer.type({ messages: [{ drain: {} }] });
      expect((await producer.document()).messages).toEqual([{ drained: {} }]);
      producer.stdin.end();
      expect((await producer.exit()).code).toBe(0);
    }
  });
});

describe("health", () => {
  it.each(["", SERVICE, "ate.dispatcher.v1.IntrospectionService"])("of '%s' is SERVING", async (service) => {
    const { lines } = await run(
      server.address,
      "grpc.health.v1.Health/Check",
      "-d",
      JSON.stringify({ service }),
    );
    expect(JSON.parse(lines.join("\n"))).toEqual({ status: "SERVING" });
  });

  it("of a service that is not there is NOT_FOUND", async () => {
    const { code } = await run(server.address, "grpc.health.v1.Health/Check", "-d", '{"service":"nobody"}');
    expect(code).toBe(5 << 3);
  });

  it("is listed", async () => {
    const { lines } = await run(server.address, "grpc.health.v1.Health/List");
    expect(JSON.parse(lines.join("\n"))).toEqual({
      statuses: {
        "": { status: "SERVING" },
        [SERVICE]: { status: "SERVING" },
        "ate.dispatcher.v1.IntrospectionService": { status: "SERVING" },
      },
    });
  });
});

describe("reflection", () => {
  it("can be switched off, and the service then goes on without it", async () => {
    const { address } = await startServer({ reflection: false });
    const { code } = await run(address, "", "--list-services");
    expect(code).not.toBe(0);
    const proto = fileURLToPath(new URL("../../proto", import.meta.url));
    const request = '{"request":{"topic":"nobody"}}';
    const dispatched = await run(address, `${SERVICE}/Dispatch`, "--schema", proto, "-d", request);
    expect(dispatched.code, dispatched.error).toBe(0);
  });
});
