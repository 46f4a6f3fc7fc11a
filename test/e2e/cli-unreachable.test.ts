import { once } from "node:events";
import { createServer as createHttp2Server } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createProcesses } from "../support/processes.js";

const processes = createProcesses();
const sockets = new Set<Socket>();
const servers: Server[] = [];
/** Nobody listens here. */
let closed = "";
/** Accepts connections and never sends a byte. */
let mute = "";
/** Speaks HTTP/2 and never answers a call. */
let silent = "";

beforeAll(async () => {
  mute = await listening(createServer(() => {}));
  silent = await listening(createHttp2Server().on("stream", () => {}));
  const free = createServer();
  closed = await listening(free);
  free.close();
});
afterEach(() => processes.stopAll());
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

async function listening(server: Server): Promise<string> {
  server.on("connection", (socket: Socket) => sockets.add(socket));
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" ? address?.port : address}`;
}

const REFUSED = /connect ECONNREFUSED 127\.0\.0\.1:\d+/;

describe("a command that finds nobody", () => {
  it.each(["request", "gather"])("gives up 1 s after its TTL: %s", async (command) => {
    const outcomes = await Promise.all(
      [closed, mute].map((address) => processes.run([command, "t", "--ttl", "300ms", "--address", address])),
    );

    const text =
      /^error: no dispatcher answers at 127\.0\.0\.1:\d+ within 1300ms \((.*)\); start one with .*\n$/m;
    for (const { code, stdout, stderr } of outcomes) {
      expect([code, stdout]).toEqual([4, ""]);
      expect(stderr).toMatch(text);
    }
    expect(outcomes[0]?.stderr).toMatch(REFUSED);
    expect(outcomes[1]?.stderr).toContain("the connection is not established");
  });

  it("waits as long as --connect-timeout says otherwise", async () => {
    const wait = ["--connect-timeout", "100ms", "--address", closed];
    const { code, stderr } = await processes.run(["gather", "t", "--ttl", "1m", ...wait]);

    expect(code).toBe(4);
    expect(stderr).toMatch(/within 100ms \(connect ECONNREFUSED/);
  });

  it.each([
    ["listen", "t"],
    ["produce", "t", "--echo"],
    ["top"],
    ["requests"],
    ["show", "r"],
    ["cancel", "r"],
    ["bench"],
  ])("says once a second what keeps it, and exits with code 4: %s", async (...args) => {
    const wait = ["--connect-timeout", "2500ms", "--address", closed, "--json"];
    const { code, stdout, stderr } = await processes.run([...args, ...wait]);

    const lines = stderr.trimEnd().split("\n");
    expect([code, stdout]).toEqual([4, ""]);
    expect(lines.length).toBeLessThanOrEqual(3);
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      ...lines
        .slice(1)
        .map(() => ({ event: "waiting", address: closed, message: expect.stringMatching(REFUSED) })),
      { event: "error", exit_code: 4, message: expect.stringMatching(REFUSED) },
    ]);
    expect(lines.length).toBeGreaterThan(1);
  });

  it.each([
    ["listen", "t"],
    ["produce", "t", "--echo"],
    ["top", "--count", "1"],
    ["gather", "t", "--ttl", "1m"],
    ["requests"],
    ["bench"],
  ])("says once a second that the connection is not answered: %s", async (...args) => {
    const started = processes.cli([...args, "--address", silent]);

    const text = `waiting for ${silent}: connected, but no answer yet`;
    expect(await started.stderr.next()).toBe(text);
    expect(await started.stderr.next()).toBe(text);
  });

  it.each([
    ["request", "t"],
    ["gather", "t"],
  ])("gives up 1 s after its TTL if the connection is not answered: %s", async (...args) => {
    const { code, stdout, stderr } = await processes.run([...args, "--ttl", "1s", "--address", silent], {
      waitMs: 10_000,
    });

    expect([code, stdout]).toEqual([4, ""]);
    expect(stderr).toMatch(/^error: \w+: ./m);
  });

  it("ends at a signal although nobody confirms the cancellation of its gather", async () => {
    const gather = processes.cli(["gather", "t", "--ttl", "1m", "--address", silent]);
    await gather.stderr.next(/^waiting/);
    gather.kill("SIGTERM");

    expect(await gather.exit(15_000)).toEqual({ code: 143, signal: null });
  });
});
