/**
 * The honest neighbours: producers, listeners, and a caller that dispatches and gathers at a steady rate, whatever the
 * server does. They use the client library, as every user does, from 127.0.0.1.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type DispatcherClient } from "ate-dispatcher-client";
import { Latencies } from "./latencies.js";

const TOPIC = "honest.work";
const PRODUCERS = 3;
const LISTENERS = 2;
/** 50 requests a second. */
const EVERY_MS = 20;
/** Longer than any attack: a request that is answered late counts as slow, not as unanswered. */
const TTL_MS = 60_000;
/** Time for requests that were sent to be answered. */
const IN_FLIGHT_MS = 200;

/** The neighbours of one server. */
export class Neighbours {
  readonly latencies = new Latencies();
  /** What else went wrong, such as a lost session: each with its number. */
  readonly problems = new Map<string, number>();
  readonly #clients: DispatcherClient[] = [];
  readonly #sessions: { close(): Promise<void> }[] = [];
  #isRestarting = false;
  readonly #caller: DispatcherClient;
  /** Results that the first listener has received, by request. */
  readonly #listened = new Map<string, number>();
  readonly #awaited = new Map<string, () => void>();
  #timer: NodeJS.Timeout | undefined;
  #serial = 0;

  private constructor(private readonly address: string) {
    this.#caller = this.#client();
  }

  /** Connects all neighbours and starts their requests. */
  static async start(address: string): Promise<Neighbours> {
    const neighbours = new Neighbours(address);
    await neighbours.#connect();
    neighbours.#startRequests();
    return neighbours;
  }

  /** What the server says that it may hold, in MiB; undefined if it does not say it. */
  async serverBudgetMb(): Promise<number | undefined> {
    const { limits } = await this.#caller.introspect.serverInfo();
    const bytes = limits["maxHeldBytes"] ?? limits["max_held_bytes"] ?? 0;
    return bytes === 0 ? undefined : bytes / 1_048_576;
  }

  /** Sends no further requests and waits for the answers, but not for longer than `waitMs`. */
  async finish(waitMs: number): Promise<void> {
    clearInterval(this.#timer);
    const until = performance.now() + waitMs;
    while (this.latencies.answered < this.latencies.total && performance.now() < until) await sleep(50);
  }

  /**
   * Opens all sessions again with the same ids, as a supervisor restarts programs that were cut off. Meanwhile nothing is
   * asked.
   */
  async restart(): Promise<void> {
    this.#isRestarting = true;
    clearInterval(this.#timer);
    await sleep(IN_FLIGHT_MS);
    await Promise.all(this.#sessions.splice(0).map((session) => session.close()));
    this.#isRestarting = false;
    await this.#connect();
    this.#startRequests();
  }

  /** Disconnects at once. */
  close(): void {
    for (const client of this.#clients) void client.close({ graceMs: 0 });
  }

  async #connect(): Promise<void> {
    const ready: Promise<void>[] = [];
    for (let i = 0; i < PRODUCERS; i++) {
      const producer = this.#client().createProducer({
        id: `honest-producer-${i}`,
        topics: [TOPIC],
        concurrency: 256,
        handler: ({ args }) => args[0] ?? null,
        onStatus: (status) => this.#note(status),
      });
      this.#sessions.push(producer);
      ready.push(producer.ready());
    }
    for (let i = 0; i < LISTENERS; i++) {
      const listener = this.#client().createListener({
        id: `honest-listener-${i}`,
        topics: [i === 0 ? TOPIC : "honest.>"],
        onResult: ({ requestId }) => {
          if (i === 0) this.#hear(requestId);
        },
        onStatus: (status) => this.#note(status),
      });
      this.#sessions.push(listener);
      ready.push(listener.ready());
    }
    await Promise.all(ready);
  }

  #startRequests(): void {
    this.#timer = setInterval(() => this.#request(), EVERY_MS);
  }

  #client(): DispatcherClient {
    const client = createClient({ address: this.address });
    this.#clients.push(client);
    return client;
  }

  #request(): void {
    const serial = this.#serial++;
    const answered = this.latencies.begin();
    const request = { args: [serial], ttlMs: TTL_MS };
    const asked = serial % 2 === 0 ? this.#gather(request) : this.#dispatch(request);
    asked.then(answered, (error: unknown) => this.#fail("request", error));
  }

  async #gather(request: { readonly args: number[]; readonly ttlMs: number }): Promise<void> {
    const gather = this.#caller.gather(TOPIC, request);
    gather.acceptance.catch(() => undefined);
    const { reason, outcomes } = await gather.summary;
    const isWhole = outcomes.length === PRODUCERS && outcomes.every(({ state }) => state === "ANSWERED");
    if (!isWhole) throw new Error(`gathered ${outcomes.length} outcomes, ${reason}`);
  }

  /** Resolves when a listener has the results of all producers. */
  async #dispatch(request: { readonly args: number[]; readonly ttlMs: number }): Promise<void> {
    const { requestId } = await this.#caller.dispatch(TOPIC, request);
    if (this.#isHeard(requestId)) return;
    await new Promise<void>((resolve) => this.#awaited.set(requestId, resolve));
  }

  #hear(requestId: string): void {
    this.#listened.set(requestId, (this.#listened.get(requestId) ?? 0) + 1);
    if (!this.#isHeard(requestId)) return;
    this.#awaited.get(requestId)?.();
    this.#awaited.delete(requestId);
  }

  #isHeard(requestId: string): boolean {
    return (this.#listened.get(requestId) ?? 0) >= PRODUCERS;
  }

  #note(status: { readonly type: string; readonly error?: unknown }): void {
    if (this.#isRestarting) return;
    if (status.type === "disconnected" || status.type === "closed") this.#fail("session", status.error);
  }

  #fail(what: string, error: unknown): void {
    const reason = error instanceof Error && "reason" in error ? String(error.reason) : String(error);
    const text = `${what}: ${reason.slice(0, 60)}`;
    this.problems.set(text, (this.problems.get(text) ?? 0) + 1);
  }
}
