/** What an attack is made with. */
import { setTimeout as sleep } from "node:timers/promises";
import { Connection, type ConnectionOptions } from "./connection.js";
import { RawConnection } from "./raw-connection.js";
import type { Tally } from "./tally.js";

const POLL_MS = 20;

/** The attacker of one attack. Everything that it opens stays open until its process ends. */
export class Attacker {
  constructor(
    /** The address of the server. */
    readonly address: string,
    /** What is sent and told. */
    readonly tally: Tally,
    /** Aborts when the time of the attack is over. */
    readonly signal: AbortSignal,
  ) {}

  /** Whether the attack is to go on. */
  get goesOn(): boolean {
    return !this.signal.aborted;
  }

  /** Opens an HTTP/2 connection. */
  connect(options?: ConnectionOptions): Connection {
    return new Connection(this.address, this.tally, options);
  }

  /** Opens a TCP connection for frames that Node's HTTP/2 would not send. */
  connectRaw(from?: string): RawConnection {
    return new RawConnection(this.address, this.tally, from);
  }

  /**
   * Does something `count` times, at most `concurrency` at a time, until the attack is over. Resolves when the last one
   * is done, or at the end of the attack.
   */
  async repeat(count: number, concurrency: number, once: (index: number) => Promise<unknown>): Promise<void> {
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < count && this.goesOn) await once(next++);
    };
    await this.untilOver(Promise.all(Array.from({ length: Math.min(count, concurrency) }, worker)));
  }

  /** Waits for something, but not beyond the end of the attack. */
  async untilOver(event: Promise<unknown>): Promise<void> {
    const over = new Promise<void>((resolve) => {
      if (this.signal.aborted) resolve();
      this.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([event, over]);
  }

  /** Waits until a condition holds. Rejects if it does not hold by the end of the attack. */
  async until(what: string, condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (!this.goesOn) throw new Error(`${what} did not come in time`);
      await this.wait(POLL_MS);
    }
  }

  /** Waits, but not beyond the end of the attack. */
  async wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal }).catch(() => undefined);
  }
}
