/** What one connection and one address may do to a server, over plain sockets; another address is served throughout. */
import { constants } from "node:http2";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { CONNECTION_NUISANCE } from "../../src/grpc/transport/peer-connection.js";
import { startServer } from "../support/in-process.js";
import { createProcesses } from "../support/processes.js";
import { callRaw, connectRaw, framed } from "../support/raw-call.js";
import {
  callHeaders,
  data,
  EMPTY_SETTINGS,
  FLAG,
  FRAME,
  goAway,
  ping,
  preface,
  prefix,
  RawConnection,
  type Received,
  reset,
} from "../support/raw-frames.js";
import { ROOT } from "../support/root.js";
import { bytesField } from "../support/wire-bytes.js";

const SUBMIT = "/ate.dispatcher.v1.DispatcherService/Submit";
const request = framed(bytesField(1, bytesField(1, "t")));
/** Connections from 127.0.0.1 are peers of their own. */
const GREEDY = "127.0.0.3";
const processes = createProcesses();
afterEach(() => processes.stopAll());
/** Since this version Node lets a server configure how many resets a connection may send. */
const HAS_RESET_LIMIT = Number(process.versions.node.split(".")[0]) >= 22;

async function openRaw(address: string, localAddress?: string): Promise<RawConnection> {
  const connection = await RawConnection.open(address, localAddress);
  onTestFinished(() => connection.destroy());
  return connection;
}

function isPong({ type, flags }: Received): boolean {
  return type === FRAME.ping && flags === FLAG.ack;
}

async function expectServed(address: string, localAddress = "127.0.0.2"): Promise<void> {
  expect((await callRaw(connectRaw(address, localAddress), "Dispatch", request)).code).toBe(0);
}

/** Resets more streams than an address may, none of its connections more than one may. Waits until one is closed. */
async function resetTooMany(address: string): Promise<void> {
  const some = await Promise.all(Array.from({ length: 40 }, () => openRaw(address, GREEDY)));
  await Promise.all(some.map((raw) => raw.send(preface(), resets(900))));
  await Promise.any(some.map(({ closed }) => closed));
}

function times(count: number, make: (i: number) => readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(Array.from({ length: count }, (_, i) => make(i)).flat());
}

/** Opens streams and resets them at once. */
function resets(count: number, after = 0): Uint8Array {
  return times(count, (i) => [callHeaders(2 * (after + i) + 1, SUBMIT), reset(2 * (after + i) + 1)]);
}

describe("a connection is closed that", () => {
  it.each([
    ["sends nothing", []],
    ["sends half a preface", [preface().subarray(0, 10)]],
    ["sends a preface without SETTINGS", [preface().subarray(0, 24)]],
  ])("%s", async (_, sent) => {
    const { address } = await startServer({ firstMessageTimeoutMs: 50 });
    const raw = await openRaw(address);
    await raw.send(...sent);
    await raw.closed;
    await expectServed(address, "127.0.0.1");
  });

  it.each<readonly [string, Uint8Array]>([
    ["sends empty DATA frames", times(50_000, () => [data(1, Buffer.alloc(0))])],
    ["sends a message in frames of one byte", times(50_000, () => [data(1, Buffer.alloc(1))])],
  ])("%s", async (_, flood) => {
    const { address } = await startServer();
    const raw = await openRaw(address);
    await raw.send(preface(), callHeaders(1, SUBMIT), data(1, prefix(1_000_000)));
    await raw.send(flood);
    await raw.closed;
    await expectServed(address);
  });

  it.each<readonly [string, Uint8Array]>([
    ["sends PINGs and does not read their acknowledgements", times(1_000, () => [ping()])],
    ["sends SETTINGS and does not read their acknowledgements", times(1_000, () => [EMPTY_SETTINGS])],
  ])("%s: a limit of Node itself", async (_, flood) => {
    const { address } = await startServer();
    const raw = await openRaw(address);
    await raw.send(preface());
    raw.pause();
    while (!raw.isClosed) await raw.send(flood);
    await expectServed(address);
  });
});

describe("a connection that sends too many useless frames", () => {
  it("is told ENHANCE_YOUR_CALM", async () => {
    const { address } = await startServer();
    const raw = await openRaw(address);
    await raw.send(preface(), callHeaders(1, SUBMIT), data(1, prefix(1_000_000)));
    await raw.send(times(CONNECTION_NUISANCE.burst + 100, () => [data(1, Buffer.alloc(1))]));
    const told = await raw.next(({ type }) => type === FRAME.goaway);

    expect(told?.payload.readUInt32BE(4)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });
});

describe("a connection that resets more streams than a proxy does", () => {
  it("is closed", async () => {
    const { address } = await startServer();
    const raw = await openRaw(address);
    await raw.send(preface(), resets(30_000));
    await raw.closed;
    await expectServed(address);
  });
});

describe("a connection stays open that", () => {
  it("has sent SETTINGS, and makes no call", async () => {
    const { address } = await startServer({ firstMessageTimeoutMs: 1_000 });
    const raw = await openRaw(address);
    await raw.send(preface());
    const silent = await openRaw(address);
    await silent.closed;
    await raw.send(ping());
    expect(await raw.next(isPong)).toBeDefined();
  });

  it("resets as many streams at once as a proxy does", async () => {
    const { address } = await startServer();
    const raw = await openRaw(address);
    await raw.send(preface(), resets(HAS_RESET_LIMIT ? 4_000 : 900), ping());
    expect(await raw.next(isPong)).toBeDefined();
  });
});

describe("an address", () => {
  it("whose connection was closed for its resets opens few connections for a while, and others are served", async () => {
    const { address } = await startServer();
    await resetTooMany(address);
    const later = await Promise.all(Array.from({ length: 20 }, () => openRaw(address, GREEDY)));
    await Promise.any(later.map(({ closed }) => closed));
    await expectServed(address);
    const open = later.filter(({ isClosed }) => !isClosed);
    expect(open.length).toBeLessThan(15);
  });

  it("whose only connection was closed for a flood opens few connections for a while", async () => {
    const { address } = await startServer();
    const flood = await openRaw(address, GREEDY);
    await flood.send(preface());
    flood.pause();
    while (!flood.isClosed) await flood.send(times(1_000, () => [EMPTY_SETTINGS]));
    const later = Array.from({ length: 20 }, async () => {
      const raw = await openRaw(address, GREEDY);
      await raw.send(preface(), ping());
      return (await raw.next(isPong)) !== undefined;
    });
    expect(await Promise.all(later)).toContain(false);
    await expectServed(address);
  });

  it.each<readonly [string, Uint8Array]>([
    [
      "with a GOAWAY that names their last call, as those of grpc-go do",
      Buffer.concat([preface(), callHeaders(1, SUBMIT), goAway(1)]),
    ],
    ["after a question in HTTP/1.1, as probes ask it", Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n\r\n")],
  ])("whose clients close connections %s opens others as before", async (_, sent) => {
    const { address } = await startServer();
    await expectServed(address, GREEDY);
    for (let i = 0; i < 20; i++) {
      const raw = await openRaw(address, GREEDY);
      await raw.send(sent);
      await raw.closed;
    }
    for (let i = 0; i < 10; i++) await expectServed(address, GREEDY);
  });

  it("has at most a half of the connections that fit, and as many as are left beside another", async () => {
    const command = [process.execPath, `${ROOT}/dist/main.js`, "serve", "--listen", "127.0.0.1:0"];
    const server = processes.start("sh", ["-c", 'ulimit -n 300 && exec "$@"', "sh", ...command]);
    const address = (await server.stdout.next(/^listening on /)).replace("listening on ", "");
    const fits = Number(
      (JSON.parse(await server.stderr.next(/few connections fit/)) as { maxConnections: number })
        .maxConnections,
    );
    const open = async (count: number, from: string): Promise<readonly RawConnection[]> => {
      const all = await Promise.all(Array.from({ length: count }, () => openRaw(address, from)));
      const answered = all.map(async (raw) => {
        await raw.send(preface(), ping());
        return (await raw.next(isPong)) !== undefined;
      });
      const isOpen = await Promise.all(answered);
      return all.filter((_, i) => isOpen[i]);
    };
    const alone = await open(fits, "127.0.0.3");
    expect(alone.length).toBe(Math.ceil(fits / 2));
    const line = JSON.parse(await server.stderr.next(/connections are refused/)) as Record<string, unknown>;
    expect(line).toMatchObject({ peer: "127.0.0.3" });
    expect((await open(fits, "127.0.0.4")).length).toBe(Math.ceil((fits - alone.length) / 2));
    await expectServed(address);
  });
});
