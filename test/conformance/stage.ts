import { setTimeout as sleep } from "node:timers/promises";
import { type AdapterProcess, Refused } from "./adapter-process.js";
import type { Answer, ListenerFields, ProducerFields } from "./protocol.js";
import { FENCE_PRODUCER, fenceTopic, Record } from "./record.js";
import type { ListenerSpec, ProducerSpec, Role } from "./scenario.js";
import type { ServerSettings } from "./server.js";
import type { Troupe } from "./troupe.js";

const FENCE_ATTEMPTS = 100;
const FENCE_RETRY_MS = 30;

/** One scenario being played: who is there under which name, and what was seen of it. */
export class Stage {
  readonly troupe: Troupe;
  readonly record: Record;
  readonly settings: ServerSettings;
  /** Listeners that are open, with what was asked for. */
  readonly listeners = new Map<string, ListenerSpec>();
  /** Gathers of requests that had been made before; what came until then they have missed. */
  readonly repeats = new Set<string>();
  /** Drains that were begun. */
  readonly drains = new Map<string, Promise<Answer>>();
  readonly #requestIds = new Map<string, string>();
  readonly #producerIds = new Map<string, string>();
  readonly #extras = new Map<string, AdapterProcess>();
  #lastRequest: string | undefined;

  constructor(troupe: Troupe, settings: ServerSettings, patienceMs: number) {
    this.troupe = troupe;
    this.record = new Record(patienceMs);
    this.settings = settings;
  }

  /** Starts the server, leads every link to it, and sets up what the runner itself needs. */
  async open(): Promise<void> {
    const address = await this.troupe.server.start(this.settings);
    for (const link of Object.values(this.troupe.links)) link.lead(address);
    await this.troupe.listen(this.record.take);
    await this.send("producers", "producer.open", {
      ...{ producer: FENCE_PRODUCER, producer_id: FENCE_PRODUCER },
      topics: [{ topic: `${FENCE_PRODUCER}.>` }],
    });
  }

  /** Ends everything. @returns what the server logged as an error. */
  async close(): Promise<readonly string[]> {
    for (const drain of this.drains.values()) drain.catch(() => {});
    try {
      for (const link of Object.values(this.troupe.links)) link.mend();
      await this.troupe.reset();
    } catch (error) {
      await this.troupe.server.kill();
      throw error;
    }
    return await this.troupe.server.retire();
  }

  /** Sends a command to the adapter of a role. */
  async send(role: Role, op: string, fields: object): Promise<Answer> {
    return await (await this.troupe.adapter(role)).send(op, fields);
  }

  /** Sends a command to the adapter that a producer lives in. */
  async sendTo(producer: string, op: string, fields: object): Promise<Answer> {
    const adapter = this.#extras.get(producer) ?? (await this.troupe.adapter("producers"));
    return await adapter.send(op, { producer, ...fields });
  }

  /** Opens a producer. */
  async openProducer(name: string, spec: ProducerSpec): Promise<void> {
    const { id = name, own_process, topics, behaviour = { manual: true }, ...rest } = spec;
    if (own_process) {
      const extra = await this.troupe.extra("producers");
      extra.listen(this.record.take);
      this.#extras.set(name, extra);
    }
    const fields: Omit<ProducerFields, "producer"> = {
      ...(id !== null && { producer_id: id }),
      topics: topics.map((topic) => (typeof topic === "string" ? { topic } : topic)),
      behaviour,
      ...rest,
    } as Omit<ProducerFields, "producer">;
    const answer = await this.sendTo(name, "producer.open", fields);
    this.#producerIds.set(answer.producer_id ?? "", id ?? name);
  }

  /** Opens a listener. */
  async openListener(name: string, spec: ListenerSpec): Promise<void> {
    const { id = name, ...rest } = spec;
    const fields = { listener: name, ...(id !== null && { listener_id: id }), ...rest } as ListenerFields;
    await this.send("listeners", "listener.open", fields);
    this.listeners.set(name, spec);
  }

  /** Ends a producer's process without goodbye. */
  async killProducer(name: string): Promise<void> {
    const extra = this.#extras.get(name);
    if (extra === undefined) throw new Error(`${name} has no process of its own`);
    await extra.kill();
  }

  /** Gives a request a name. */
  nameRequest(name: string, requestId: string): void {
    this.#requestIds.set(requestId, name);
    this.#lastRequest = name;
  }

  /** The name of a request; its id if it has none. */
  requestName(requestId: string): string {
    return this.#requestIds.get(requestId) ?? requestId;
  }

  /** The id of a request by its name; a name that is none is an id. */
  requestId(name: string | undefined): string {
    const wanted = name ?? this.#lastRequest;
    if (wanted === undefined) throw new Error("no request was made yet");
    return [...this.#requestIds].find(([, known]) => known === wanted)?.[0] ?? wanted;
  }

  /** How the scenario calls the producer of an id. */
  producerName(producerId: string): string {
    return this.#producerIds.get(producerId) ?? producerId;
  }

  /**
   * Lets every listener hear a result of the runner's own: a stream is in order, so what a listener has not heard by
   * then it was not sent.
   */
  async fence(): Promise<void> {
    const names = [...this.listeners.keys()].filter((name) => !this.record.closed.has(name));
    const fenceOne = async (listener: string) => {
      const topic = fenceTopic(listener);
      await this.send("listeners", "listener.update", { listener, add: [topic] });
      await this.#dispatchFence(topic);
      await this.record.demand(`a result for ${listener} at the end`, () => this.record.fenced.has(listener));
    };
    await Promise.all(names.map(fenceOne));
  }

  /** Until it is taken: after a restart of the server the requester may not have connected again. */
  async #dispatchFence(topic: string): Promise<void> {
    const selector = { producer_ids: [FENCE_PRODUCER] };
    for (let attempt = 1; ; attempt++) {
      try {
        await this.send("requester", "dispatch", { topic, selector, no_producers_action: "WAIT" });
        return;
      } catch (error) {
        const isAway = error instanceof Refused && error.error.code === "UNAVAILABLE";
        if (!isAway || attempt === FENCE_ATTEMPTS) throw error;
        await sleep(FENCE_RETRY_MS);
      }
    }
  }
}
