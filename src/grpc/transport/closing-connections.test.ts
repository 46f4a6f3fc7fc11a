import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { type AddressInfo, connect as connectSocket, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClosingConnections } from "./closing-connections.js";

const MANY = 300;
/** Less than one turn closes. */
const FEW = 50;

let closing: ClosingConnections;
let server: Http2Server;
let sessions: ServerHttp2Session[];
let clients: ClientHttp2Session[];
/** The number of streams that closed in each turn of the event loop in which any did. */
let closedByTurn: Map<number, number>;
let turn: number;

beforeEach(async () => {
  closing = new ClosingConnections();
  server = createServer({ settings: { maxConcurrentStreams: MANY } });
  sessions = [];
  clients = [];
  closedByTurn = new Map();
  turn = 0;
  server.on("session", (session) => {
    let streams: Set<ServerHttp2Stream> | undefined;
    session.once("connect", (_session, socket: Socket) => {
      streams = closing.follow(session, socket);
      sessions.push(session);
    });
    session.prependListener("stream", (stream: ServerHttp2Stream) => {
      streams?.add(stream);
      stream.on("error", () => undefined);
      stream.on("close", () => {
        streams?.delete(stream);
        closedByTurn.set(turn, (closedByTurn.get(turn) ?? 0) + 1);
      });
      stream.respond();
    });
  });
  server.on("sessionError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  const closed = once(server, "close");
  server.close();
  await closed;
});

/** Opens a connection with streams. Resolves when the server has answered all of them. */
async function open(count: number): Promise<readonly [ClientHttp2Session, Socket]> {
  const { port } = server.address() as AddressInfo;
  const socket = connectSocket(port, "127.0.0.1");
  const client = connect("http://127.0.0.1", { createConnection: () => socket });
  client.on("error", () => undefined);
  clients.push(client);
  await once(client, "remoteSettings");
  const streams = Array.from({ length: count }, () => client.request({ ":method": "POST" }));
  for (const stream of streams) stream.on("error", () => undefined);
  await Promise.all(streams.map((stream) => once(stream, "response")));
  return [client, socket];
}

/** Counts turns until so many streams have closed. */
async function turnsUntilClosed(count: number): Promise<void> {
  for (;;) {
    let closed = 0;
    for (const inTurn of closedByTurn.values()) closed += inTurn;
    if (closed >= count) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    turn++;
  }
}

/** The most streams that closed in one turn. A turn here may see the end of one turn and the beginning of the next. */
const mostInOneTurn = (): number => Math.max(...closedByTurn.values());

describe("the streams of a connection", () => {
  it.each([
    ["disconnects", (socket: Socket) => socket.destroy()],
    ["resets it", (socket: Socket) => socket.resetAndDestroy()],
  ])("close in turns when its peer %s", async (_how, leave) => {
    const [, socket] = await open(MANY);
    leave(socket);
    await turnsUntilClosed(MANY);

    expect(mostInOneTurn()).toBeLessThanOrEqual(2 * 64);
  });

  it("close in turns when it is destroyed, and it closes behind them", async () => {
    const [client] = await open(MANY);
    const [session] = sessions;
    const closed = once(client, "close");
    session?.destroy();
    await turnsUntilClosed(MANY);
    await closed;

    expect(mostInOneTurn()).toBeLessThanOrEqual(2 * 64);
    expect(session?.destroyed).toBe(true);
  });

  it("close at once if they are few", async () => {
    await open(FEW);
    sessions[0]?.destroy();
    await turnsUntilClosed(FEW);

    expect([...closedByTurn.values()]).toEqual([FEW]);
  });

  it("count together with those of other connections", async () => {
    await Promise.all(Array.from({ length: 10 }, () => open(FEW)));
    for (const session of sessions) session.destroy();
    await turnsUntilClosed(10 * FEW);

    expect(mostInOneTurn()).toBeLessThanOrEqual(2 * 64);
  });

  it("close in turns if they have none, too", async () => {
    await Promise.all(Array.from({ length: 100 }, () => open(0)));
    const closed: number[] = [];
    for (const session of sessions) session.on("close", () => closed.push(turn));
    for (const session of sessions) session.destroy();
    while (closed.length < sessions.length) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      turn++;
    }

    const inTurn = (wanted: number): number => closed.filter((at) => at === wanted).length;
    expect(Math.max(...closed.map(inTurn))).toBeLessThanOrEqual(64);
  });

  it("close at once when the server is forced to end", async () => {
    await open(MANY);
    sessions[0]?.destroy();
    closing.finish();
    await turnsUntilClosed(MANY);

    expect(closedByTurn.size).toBe(1);
  });
});
