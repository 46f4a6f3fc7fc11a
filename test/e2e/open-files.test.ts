/** The limit of open files: what the program says when it is too low, and when connections use it up. */
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { createProcesses, type RunningProcess } from "../support/processes.js";
import { ROOT } from "../support/root.js";
import { connect, duration } from "../support/wire-client.js";

const processes = createProcesses();
afterEach(() => processes.stopAll());

/** Starts a command that may open so many files. */
function withLimit(limit: number, args: readonly string[]): RunningProcess {
  const command = [process.execPath, join(ROOT, "dist/main.js"), ...args];
  return processes.start("sh", ["-c", `ulimit -n ${limit} && exec "$@"`, "sh", ...command]);
}

async function openSockets(address: string, count: number): Promise<readonly Socket[]> {
  const [host = "", port = ""] = address.split(":");
  const sockets = Array.from({ length: count }, () => connectTcp(Number(port), host));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  // The server closes the ones that it refuses, which may reset them.
  for (const socket of sockets) socket.on("error", () => {});
  await Promise.all(sockets.map((socket) => once(socket, "connect").catch(() => {})));
  return sockets;
}

describe("a program that may open too few files", () => {
  it.each([20, 64, 100])(
    "does not start, and says the limit %d, the number that it needs, and how to raise it",
    async (limit) => {
      const program = withLimit(limit, ["serve", "--listen", "127.0.0.1:0"]);

      expect(await program.exit()).toEqual({ code: 1, signal: null });
      expect(program.stderr.all).toEqual([
        `error: the limit of open files is ${limit}, and the program needs 160; raise it, for example with: ulimit -n 4096`,
      ]);
    },
  );
});

describe("a server", () => {
  it("says at its start that few connections fit into the limit", async () => {
    const server = withLimit(200, ["serve", "--listen", "127.0.0.1:0"]);
    const line = JSON.parse(await server.stderr.next(/few connections fit into/)) as Record<string, unknown>;

    expect(line).toMatchObject({ level: 40, openFileLimit: 200, maxConnections: expect.any(Number) });
    expect(Number(line["maxConnections"])).toBeLessThan(200);
    expect(Number(line["maxConnections"])).toBeGreaterThan(100);
  });

  it("says nothing about a limit that is high enough", async () => {
    const server = withLimit(4_096, ["serve", "--listen", "127.0.0.1:0"]);
    await server.stderr.next(/"serving"/);

    expect(server.stderr.all.filter((line) => line.includes("few connections"))).toEqual([]);
  });

  it("refuses connections beyond the limit with a warning, keeps serving the others, and takes new ones again", async () => {
    const server = withLimit(200, ["serve", "--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"]);
    const address = (await server.stdout.next(/^listening on /)).replace("listening on ", "");
    const client = connect(address);
    const producer = await client.producer("producer1", ["topic1"]);
    const sockets = await openSockets(address, 300);
    const line = JSON.parse(await server.stderr.next(/connections are refused/)) as Record<string, unknown>;
    expect(line).toMatchObject({ level: 40, openFileLimit: 200, refusedCount: expect.any(Number) });

    const gather = client.gather({ topic: "topic1", ttl: duration(60_000) });
    producer.answer(await producer.next("assignment"), "still here");
    expect((await gather.next("summary")).answeredCount).toBe(1);

    for (const socket of sockets) socket.destroy();
    await expect
      .poll(() => connect(address).dispatch({ topic: "topic1" }), { timeout: 30_000 })
      .toBeDefined();
    expect(server.stderr.all.filter((text) => text.includes("connections are refused")).length).toBeLessThan(
      5,
    );
  });
});
