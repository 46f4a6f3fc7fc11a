/**
 * Many small calls of one method on one connection, written as frames. After the first call, the dynamic table of HPACK
 * holds the headers, so a call costs about fifteen bytes and its message.
 */
import { framed } from "./framing.js";
import { callHeaders, FLAG, FRAME, frame, hpackText, type RawConnection } from "./raw-connection.js";

/** The first index of the dynamic table. */
const FIRST_DYNAMIC = 62;
const WINDOW_ALL = Buffer.from([0x3f, 0xff, 0, 0]);
/** SETTINGS_INITIAL_WINDOW_SIZE: 0. */
const NO_WINDOW = Buffer.from([0, 4, 0, 0, 0, 0]);

/** How calls are made. */
export interface RawCallOptions {
  /** Whether the peer is granted no bytes of data, so that its messages wait in its memory. */
  readonly readsNothing?: boolean;
  /** Further headers; each name may occur several times. Together with the path they must fit into 3.5 KiB once. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

/** The calls of one connection. */
export class RawCalls {
  readonly #connection: RawConnection;
  readonly #first: Buffer;
  readonly #again: Buffer;
  #nextId = 1;

  /** @param connection - a new one. */
  constructor(
    connection: RawConnection,
    path: string,
    { readsNothing = false, headers = [] }: RawCallOptions = {},
  ) {
    this.#connection = connection;
    connection.begin(readsNothing ? NO_WINDOW : undefined);
    connection.send(frame(FRAME.windowUpdate, 0, 0, WINDOW_ALL));
    const fields = [...Object.entries(callHeaders(path)), ...headers];
    const known: string[] = [];
    const inserts: Buffer[] = [];
    const order = fields.map(([name, value]) => {
      const key = `${name}\n${value}`;
      const at = known.indexOf(key);
      if (at >= 0) return at;
      inserts.push(Buffer.concat([Buffer.from([0x40]), hpackText(name), hpackText(value)]));
      return known.push(key) - 1;
    });
    const indexOf = (at: number): number => 0x80 | (FIRST_DYNAMIC + known.length - 1 - at);
    this.#again = Buffer.from(order.map(indexOf));
    // A value that occurs twice is inserted once, and then named by its index.
    const repeats = order.filter((at, i) => order.indexOf(at) !== i).map(indexOf);
    this.#first = Buffer.concat([...inserts, Buffer.from(repeats)]);
  }

  /** Makes a call. @param message - undefined to send none yet. @param isEnded - whether the call is half-closed. */
  call(message: Uint8Array | undefined, isEnded = true): void {
    const id = this.#nextId;
    this.#nextId += 2;
    const block = id === 1 ? this.#first : this.#again;
    const headers = frame(FRAME.headers, FLAG.endHeaders, id, block);
    const flags = isEnded ? FLAG.endStream : 0;
    if (message) this.#connection.send(headers, frame(FRAME.data, flags, id, framed(message)));
    else this.#connection.send(headers);
  }
}
