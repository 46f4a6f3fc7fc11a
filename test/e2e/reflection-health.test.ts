/**
 * The service used from a terminal with buf curl alone: no proto files and no client library. Reflection describes the
 * messages, and all of them can be typed. This file runs the commands that the README quotes:
 *
 *   buf curl --protocol grpc --list-methods http://127.0.0.1:50051
 *
 *   # a listener, in a first terminal
 *   buf curl --protocol grpc -d '{"topics":["topic1"],"include_summaries":true}' \
 *     http://127.0.0.1:50051/ate.dispatcher.v1.DispatcherService/Listen
 *
 *   # a producer, in a second terminal: type the first line; when an assignment is printed, the second; then the third
 *   buf curl --protocol grpc -d @- http://127.0.0.1:50051/ate.dispatcher.v1.DispatcherService/Produce
 *   {"messages":[{"hello":{"producer_id":"me","registrations":[{"topic":"topic1"}]}}]}
 *   {"messages":[{"reply":{"assignment_id":"1","result":{"value":{"id":1}}}}]}
 *   {"messages":[{"drain":{}}]}
 *
 *   # a request, in a third terminal
 *   buf curl --protocol grpc \
 *     -d '{"request":{"topic":"topic1","args":[3,4,5],"kwargs":{"keyword":"b"},"ttl":"60s"}}' \
 *     http://127.0.0.1:50051/ate.dispatcher.v1.DispatcherService/Dispatch
 */
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { startBufCurl } from "../support/buf-curl.js";
import { startServer, useServer } from "../support/in-process.js";
import { createProcesses } from "../support/processes.js";

const SERVICE = "ate.dispatcher.v1.DispatcherService";

const server = useServer();
const processes = createProcesses();
afterEach(() => processes.stopAll());

const curl = (address: string, path: string, ...args: readonly string[]) =>
  startBufCurl(processes, address, path, ...args);

/** Runs buf curl to its end. @returns its exit code and what it printed. */
async function run(address: string, path: string, ...args: readonly string[]) {
  const started = curl(address, path, ...args);
  const { code } = await started.exit();
  return { code, lines: started.stdout.all, error: started.stderr.all.join("\n") };
}

describe("with buf curl alone:", () => {
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

  it("an invalid request is rejected with the name of its field", async () => {
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

  it("of an unknown service is NOT_FOUND", async () => {
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
  it("can be disabled, and the service works without it", async () => {
    const { address } = await startServer({ reflection: false });
    const { code } = await run(address, "", "--list-services");
    expect(code).not.toBe(0);
    const proto = fileURLToPath(new URL("../../proto", import.meta.url));
    const request = '{"request":{"topic":"nobody"}}';
    const dispatched = await run(address, `${SERVICE}/Dispatch`, "--schema", proto, "-d", request);
    expect(dispatched.code, dispatched.error).toBe(0);
  });
});
