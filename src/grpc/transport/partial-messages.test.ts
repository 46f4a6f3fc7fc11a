import type { ServerHttp2Stream } from "node:http2";
import { describe, expect, it } from "vitest";
import { anyLedger } from "../../../test/support/account.js";
import { Ledger } from "../../core/tables/ledger.js";
import type { Watchdog } from "../../ports/watchdog.js";
import { PartialMessage, type PartialServices } from "./partial-messages.js";
import { Peer } from "./peer.js";
import { PeerConnection } from "./peer-connection.js";
import { unreadRefusal } from "./unread-answers.js";

const KIB = 1_024;

/** Bounds of 100 KiB a connection and 400 KiB an address, with a deadline that a test lets expire. */
function createBounds(ledger = anyLedger()) {
  const running = new Set<() => void>();
  const counted = { useless: 0 };
  const deadline: Watchdog = {
    watch: (onTimeout) => {
      running.add(onTimeout);
      return () => running.delete(onTimeout);
    },
  };
  const services: PartialServices = {
    limits: { maxConnectionBytes: 100 * KIB, maxPeerBytes: 400 * KIB, timeoutMs: 10 },
    deadline,
    useless: () => counted.useless++,
  };
  const peer = new Peer({ kind: "connection", key: "a" });
  const connection = new PeerConnection(peer, "a", ledger.open("a"), () => undefined);
  const open = (isSingle = false) => {
    const stream = {
      isReading: true,
      writableEnded: false,
      isPaused: () => !stream.isReading,
      pause: () => {
        stream.isReading = false;
      },
      resume: () => {
        stream.isReading = true;
      },
    };
    const refused: string[] = [];
    const on = stream as unknown as ServerHttp2Stream;
    const message = new PartialMessage(on, connection, services, isSingle, ({ message }) =>
      refused.push(message),
    );
    return { stream, message, refused };
  };
  return { open, peer, connection, running, counted };
}

/** A message whose prefix says `byteLength`. */
function framed(byteLength: number): Buffer {
  const bytes = Buffer.alloc(5 + byteLength);
  bytes.writeUInt32BE(byteLength, 1);
  return bytes;
}

/** Splits bytes into frames that do not share a read of the socket. */
function split(bytes: Buffer, ...at: readonly number[]): readonly Buffer[] {
  const ends = [...at, bytes.length];
  return ends.map((end, i) => Buffer.from(Uint8Array.from(bytes.subarray(ends[i - 1] ?? 0, end)).buffer));
}

describe("the bytes of incomplete messages", () => {
  it.each([
    ["one message", framed(10), []],
    ["two messages", Buffer.concat([framed(10), framed(0)]), []],
    ["a message in two frames", framed(100), [50]],
    ["a split prefix", framed(100), [1, 4]],
    [
      "messages that begin where others end",
      Buffer.concat([framed(100), framed(7), framed(300)]),
      [60, 110, 118, 120],
    ],
  ])("are released when the messages are complete: %s", (_, bytes, at) => {
    const { open, connection, peer, running } = createBounds();
    const { message } = open();
    for (const frame of split(bytes, ...at)) message.take(frame);
    expect([connection.partialBytes, peer.partialBytes, connection.partial.size, running.size]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it("are held until the last byte, and are released when the stream closes", () => {
    const { open, connection, running } = createBounds();
    const { message } = open();
    for (const frame of split(framed(10_000), 3, 5_000).slice(0, 2)) message.take(frame);
    expect(connection.partialBytes).toBeGreaterThan(5_000);
    expect(running.size).toBe(1);
    message.close();
    expect([connection.partialBytes, connection.partial.size, running.size]).toEqual([0, 0, 0]);
  });

  it("of a call of one message are held until its half-close", () => {
    const { open, connection } = createBounds();
    const { message } = open(true);
    message.take(framed(1_000));
    expect(connection.partialBytes).toBeGreaterThan(1_000);
    message.close();
    expect(connection.partialBytes).toBe(0);
  });

  it("cost more than their number if frames are tiny", () => {
    const { open, connection, counted } = createBounds();
    const { message } = open();
    for (const frame of split(framed(1_000), ...Array.from({ length: 100 }, (_, i) => i + 1)).slice(0, 100)) {
      message.take(frame);
    }
    expect(connection.partialBytes).toBeGreaterThan(100 * 200);
    // The first alone may be the end of a longer frame.
    expect(counted.useless).toBe(98);
  });

  it("are not useless where TLS has split frames of 16 KiB: a short piece follows a long one", () => {
    const { open, counted } = createBounds();
    const { message } = open();
    const [first, ...rest] = split(framed(80 * KIB), 16 * KIB - 9) as Buffer[];
    message.take(first as Buffer);
    for (const piece of rest)
      for (const part of [piece.subarray(0, -9), piece.subarray(-9)]) message.take(part);
    expect(counted.useless).toBe(0);
  });
});

describe("beyond the budget of a connection", () => {
  it("all but one message wait, and go on in their order", () => {
    const { open } = createBounds();
    const [a, b, c] = [open(), open(), open()];
    const [half, rest] = split(framed(120 * KIB), 60 * KIB) as [Buffer, Buffer];
    for (const { message } of [a, b, c]) message.take(half);
    expect([a, b, c].map(({ stream }) => stream.isReading)).toEqual([true, false, false]);
    a.message.take(rest);
    expect([b, c].map(({ stream }) => stream.isReading)).toEqual([true, false]);
    b.message.close();
    expect(c.stream.isReading).toBe(true);
    expect([a, b, c].flatMap(({ refused }) => refused)).toEqual([]);
  });

  it("a message that waits has no deadline until it goes on", () => {
    const { open, running } = createBounds();
    const [a, b] = [open(), open()];
    const [half] = split(framed(120 * KIB), 60 * KIB) as [Buffer, Buffer];
    a.message.take(half);
    b.message.take(half);
    const [expire] = running;
    expect(running.size).toBe(1);
    running.clear();
    expire?.();
    expect(a.refused).toEqual([expect.stringContaining("not complete 10 ms after its first byte")]);
    expect([b.stream.isReading, b.refused, running.size]).toEqual([true, [], 1]);
  });

  it("a stream that grpc-js has paused is left to it", () => {
    const { open, connection } = createBounds();
    const [a, b] = [open(), open()];
    const [half] = split(framed(120 * KIB), 60 * KIB) as [Buffer, Buffer];
    a.message.take(half);
    b.stream.pause();
    b.message.take(half);
    expect(connection.waiting.size).toBe(0);
  });
});

describe("beyond what its peer may hold", () => {
  const smallLedger = () => new Ledger({ maxHeldBytes: 400 * KIB, peerShare: 1 });
  const [half, rest] = split(framed(20 * KIB), 10 * KIB) as [Buffer, Buffer];

  it("a connection reads one message after the other", () => {
    const ledger = smallLedger();
    const { open } = createBounds(ledger);
    const [a, b] = [open(), open()];
    ledger.of("a").charge(200 * KIB);
    for (const { message } of [a, b]) message.take(half);
    expect([a, b].map(({ stream }) => stream.isReading)).toEqual([true, false]);
    a.message.take(rest);
    expect(b.stream.isReading).toBe(true);
    expect([...a.refused, ...b.refused]).toEqual([]);
  });

  it("and far beyond it, an incomplete message ends its call", () => {
    const ledger = smallLedger();
    const { open } = createBounds(ledger);
    const { message, refused } = open();
    ledger.of("a").charge(250 * KIB);
    message.take(half);
    expect(refused).toEqual([expect.stringContaining("this connection holds")]);
    expect(ledger.of("a").heldBytes).toBe(250 * KIB);
  });

  it("what its messages hold is charged, until the connection closes", () => {
    const ledger = smallLedger();
    const { open, connection } = createBounds(ledger);
    const { message } = open();
    message.take(half);
    connection.chargeAnswer(1_000);
    expect(ledger.heldBytes).toBeGreaterThan(11_000);
    connection.closed();
    expect([ledger.heldBytes, ledger.size]).toEqual([0, 0]);
    message.close();
    connection.chargeAnswer(-1_000);
    expect(ledger.heldBytes).toBe(0);
  });

  it("a unary call is refused if little is unread", () => {
    const ledger = smallLedger();
    const { connection } = createBounds(ledger);
    connection.chargeAnswer(70 * KIB);
    expect(unreadRefusal(connection)).toBeUndefined();
    ledger.of("a").charge(140 * KIB);
    expect(unreadRefusal(connection)).toMatchObject({ reason: "UNREAD_LIMIT", metadata: { limit: "65536" } });
    connection.chargeAnswer(-70 * KIB);
    expect(unreadRefusal(connection)).toBeUndefined();
  });
});

describe("beyond the budget of a peer", () => {
  it("the message that exceeds it is refused, and nothing of it is held", () => {
    const { open, peer, connection } = createBounds();
    const [half] = split(framed(500 * KIB), 250 * KIB) as [Buffer, Buffer];
    const [a, b] = [open(), open()];
    a.message.take(half);
    const held = peer.partialBytes;
    b.message.take(half);
    expect(b.refused).toEqual([expect.stringContaining("of this connection hold more than 409600 bytes")]);
    expect([peer.partialBytes, connection.partial.size]).toEqual([held, 1]);
    b.message.take(half);
    expect(peer.partialBytes).toBe(held);
  });
});
