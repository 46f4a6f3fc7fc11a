import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectHttp2, createServer, type ServerHttp2Stream } from "node:http2";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished } from "vitest";
import { addressOf } from "./peer-address.js";

const CONNECTIONS = 20;

/** Opens connections, sends a whole call on each, and resets it, all before the server looks at the first one. */
const ATTACK = `
  const { connect } = require("node:net");
  const { workerData: { port, connections, lock } } = require("node:worker_threads");
  const field = (name, value) =>
    Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]);
  const frame = (type, flags, stream, payload) => {
    const header = Buffer.alloc(9);
    header.writeUIntBE(payload.length, 0, 3);
    header[3] = type;
    header[4] = flags;
    header.writeUInt32BE(stream, 5);
    return Buffer.concat([header, payload]);
  };
  const headers = [[":method", "POST"], [":scheme", "http"], [":path", "/x"], [":authority", "a"]];
  const call = Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n"),
    frame(4, 0, 0, Buffer.alloc(0)),
    frame(1, 5, 1, Buffer.concat(headers.map(([name, value]) => field(name, value)))),
  ]);
  let open = connections;
  const reset = (socket) => () => {
    socket.resetAndDestroy();
    if (--open > 0) return;
    Atomics.store(lock, 0, 1);
    Atomics.notify(lock, 0);
  };
  for (let i = 0; i < connections; i++) {
    const socket = connect(port, "127.0.0.1", () => socket.write(call, reset(socket)));
  }
`;

/** The addresses of the streams of a server, which ends with the test. */
function serve() {
  const server = createServer();
  const found: string[] = [];
  let openCount = 0;
  let closed = (): void => undefined;
  server.on("sessionError", () => undefined);
  server.on("stream", (stream: ServerHttp2Stream) => {
    found.push(addressOf(stream));
    stream.on("error", () => undefined);
    stream.respond({ ":status": 200 }, { endStream: true });
  });
  server.on("connection", (socket) => {
    openCount++;
    socket.on("close", () => {
      if (--openCount === 0) closed();
    });
  });
  onTestFinished(() => void server.close());
  return {
    found,
    allClosed: () =>
      new Promise<void>((resolve) => {
        closed = resolve;
      }),
    listen: (at: object) =>
      new Promise<number>((resolve) => {
        server.listen(at, () => {
          const address = server.address();
          resolve(typeof address === "object" && address ? address.port : 0);
        });
      }),
  };
}

/** Makes a call and waits for its end. */
async function call(open: () => ReturnType<typeof connectSocket>): Promise<void> {
  const session = connectHttp2("http://localhost", { createConnection: open });
  const stream = session.request({ ":path": "/x" });
  await new Promise((resolve) => stream.on("close", resolve).resume());
  session.destroy();
}

describe("the address of a connection", () => {
  it("is its IP address, also if IPv4 is mapped into IPv6", async () => {
    const { found, listen } = serve();
    const port = await listen({ host: "::", port: 0 });
    await call(() => connectSocket(port, "127.0.0.1"));
    await call(() => connectSocket(port, "::1"));

    expect(found).toEqual(["127.0.0.1", "::1"]);
  });

  it("is unix for a Unix socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ate-address-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, "a.sock");
    const { found, listen } = serve();
    await listen({ path });
    await call(() => connectSocket(path));

    expect(found).toEqual(["unix"]);
  });

  it("is not unix for a TCP connection that its peer has reset, whose data is read all the same", async () => {
    const { found, allClosed, listen } = serve();
    const port = await listen({ host: "127.0.0.1", port: 0 });
    const lock = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(ATTACK, { eval: true, workerData: { port, connections: CONNECTIONS, lock } });
    onTestFinished(() => void worker.terminate());
    const closed = allClosed();
    // The server accepts nothing while its thread waits here.
    Atomics.wait(lock, 0, 0);
    await closed;

    expect(found.filter((address) => address === "unix")).toEqual([]);
  });
});
