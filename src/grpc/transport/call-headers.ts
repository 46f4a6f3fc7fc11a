/**
 * Reads the headers of every call before grpc-js does, and takes away what grpc-js would misread.
 *
 * grpc-js arms a 32-bit timer for a deadline, so a deadline beyond 24.8 days would end the call at once. It also computes
 * the deadline from the time of day, which may step. It logs an entry of the metadata that is not valid, with its value
 * and without a bound, and sends the path of an unknown method back without encoding it.
 */
import type { IncomingHttpHeaders } from "node:http2";
import type { Instant } from "../../core/vocabulary/model.js";
import { invalid, quote, type Refusal } from "../../core/vocabulary/reason.js";
import type { Clock } from "../../ports/clock.js";
import { parseTimeout } from "./grpc-timeout.js";
import type { PeerLog } from "./peer-log.js";

const TIMEOUT = "grpc-timeout";
const PATH = ":path";
/** The names and values that gRPC allows in metadata. The value of a name that ends in -bin is base64. */
const NAME = /^[0-9a-z_.-]+$/;
const VALUE = /^[ -~]*$/;
/** A path that can stand in a status text without an encoding. */
const PLAIN_PATH = /^[!-$&-~]*$/;
/** The longest timer of Node, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What the headers of each open call say. */
export class CallHeaders {
  readonly #deadlines = new WeakMap<object, Instant>();
  readonly #refusals = new WeakMap<object, Refusal>();
  readonly #clock: Clock;
  readonly #log: PeerLog;

  /** @param log - names the entries that are removed. */
  constructor(clock: Clock, log: PeerLog) {
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * The headers of a stream have arrived; its deadline counts from now.
   *
   * A deadline beyond the longest timer is removed from the headers: the client enforces it, as it enforces every deadline.
   * Metadata that gRPC does not allow is removed, as grpc-js would do.
   *
   * @returns a function that reads them and changes them in place, to be called before grpc-js reads them.
   */
  arrived(stream: object, headers: IncomingHttpHeaders): () => void {
    const at = this.#clock.now();
    return () => {
      this.#removeInvalid(headers);
      encodePath(headers);
      this.#readTimeout(stream, headers, at);
    };
  }

  #readTimeout(stream: object, headers: IncomingHttpHeaders, arrivedAt: Instant): void {
    const text = headers[TIMEOUT];
    if (text === undefined) return;
    const timeoutMs = parseTimeout(String(text));
    if (timeoutMs === undefined) this.#refusals.set(stream, malformedTimeout(String(text)));
    else this.#deadlines.set(stream, arrivedAt + timeoutMs);
    if (timeoutMs === undefined || timeoutMs > MAX_TIMER_MS) delete headers[TIMEOUT];
  }

  #removeInvalid(headers: IncomingHttpHeaders): void {
    for (const name of Object.keys(headers)) {
      if (name.startsWith(":") || isValid(name, headers[name])) continue;
      delete headers[name];
      this.#log.write("info", `metadata that gRPC does not allow is ignored: ${name}`);
    }
  }

  /** The deadline of a call; undefined if it has none, or if its headers were not read. */
  deadlineOf(stream: object | undefined): Instant | undefined {
    return stream && this.#deadlines.get(stream);
  }

  /** Why a call is rejected for its headers; undefined if they are valid. */
  refusalOf(stream: object | undefined): Refusal | undefined {
    return stream && this.#refusals.get(stream);
  }
}

function isValid(name: string, value: string | readonly string[] | undefined): boolean {
  if (!NAME.test(name)) return false;
  if (name.endsWith("-bin") || value === undefined) return true;
  return typeof value === "string" ? VALUE.test(value) : value.every((one) => VALUE.test(one));
}

/** Encodes a path that no method has, as a status text is encoded. Node has read its bytes as Latin-1. */
function encodePath(headers: IncomingHttpHeaders): void {
  const path = headers[PATH];
  if (path !== undefined && !PLAIN_PATH.test(path))
    headers[PATH] = encodeURI(String(Buffer.from(path, "latin1")));
}

function malformedTimeout(text: string): Refusal {
  const description = `is ${quote(text)}; use one to eight digits and a unit of H, M, S, m, u or n`;
  return invalid([{ field: TIMEOUT, description }]);
}
