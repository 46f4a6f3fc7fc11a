/**
 * Notes about a dispatcher that cannot be reached or does not answer, at most once a second.
 */
import { type DispatcherClient, DispatcherError } from "ate-dispatcher-client";
import { type Output, sanitize } from "./output.js";
import { pause } from "./time.js";

/** The minimum interval of the notes, in milliseconds. */
const NOTE_INTERVAL_MS = 1_000;
/** How long a call may take that asks why there is no connection, in milliseconds. Without one it fails at once. */
const MAX_PROBE_MS = 100;
/** gRPC status code. */
const UNAVAILABLE = 14;

/** The notes of a command about its dispatcher. */
export class WaitingNotes {
  readonly #output: Output;
  readonly #now: () => number;
  #nextAt = Number.NEGATIVE_INFINITY;

  /**
   * @param address - the dispatcher's address.
   * @param now - the present instant in milliseconds, by a monotonic clock.
   */
  constructor(
    output: Output,
    readonly address: string,
    now: () => number = () => performance.now(),
  ) {
    this.#output = output;
    this.#now = now;
  }

  /** Writes a note, unless the previous one is less than a second old. */
  write(event: object, text: string): void {
    if (this.#now() < this.#nextAt) return;
    this.#nextAt = this.#now() + NOTE_INTERVAL_MS;
    this.#output.note(event, text);
  }

  /** Lets the next note be written at once. */
  restart(): void {
    this.#nextAt = Number.NEGATIVE_INFINITY;
  }

  /** Says what keeps the command. */
  waiting(message: string): void {
    const { address } = this;
    this.write({ event: "waiting", address, message }, `waiting for ${address}: ${sanitize(message)}`);
  }

  /** Says every second what keeps the command, until the signal fires. @param reason - tells it. */
  async repeat(reason: () => Promise<string>, answered: AbortSignal): Promise<void> {
    for (;;) {
      await pause(NOTE_INTERVAL_MS, answered);
      if (answered.aborted) return;
      const message = await reason();
      if (answered.aborted) return;
      this.waiting(message);
    }
  }
}

/** Says why a client is not connected. Never throws. */
export async function whyNotConnected(client: DispatcherClient): Promise<string> {
  try {
    await client.introspect.serverInfo({ signal: AbortSignal.timeout(MAX_PROBE_MS) });
    return "it answers now";
  } catch (cause) {
    const { code, details } = DispatcherError.from(cause);
    return code === UNAVAILABLE ? essenceOf(details) : "the connection is not established";
  }
}

/** Removes what grpc-js puts around the error of the system. */
function essenceOf(details: string): string {
  const essence = /Last error: (?:Error: )?(.*?)(?:\. Resolution note:.*)?$/s.exec(details)?.[1];
  return essence || details;
}
