import { setTimeout as sleep } from "node:timers/promises";
import { type AdapterProcess, RejectedCommand } from "./adapter-process.js";
import { EventRecord, FENCE_PRODUCER, fenceTopic } from "./event-record.js";
import type { Answer, ListenerFields, ProducerFields } from "./protocol.js";
import type { ListenerSpec, ProducerSpec, Role } from "./scenario.js";
import type { ServerSettings } from "./server.js";
import type { TestBed } from "./test-bed.js";

const FENCE_ATTEMPTS = 100;
const FENCE_RETRY_MS = 30;

/** One run of a scenario: its peers and requests by name, and the events that were reported. */
export class ScenarioRun {
  readonly bed: TestBed;
  readonly record: EventRecord;
  readonly settings: ServerSettings;
  /** Open listeners, with their specifications. */
  readonly listeners = new Map<string, ListenerSpec>();
  /** Gathers that repeat a request. They miss its earlier results. */
  readonly repeats = new Set<string>();
  /** Drains that have begun. */
  readonly drains = new Map<string, Promise<Answer>>();
  readonly #requestIds = new Map<string, string>();
  readonly #producerIds = new Map<string, string>();
  readonly #extras = new Map<string, AdapterProcess>();
  #lastRequest: string | undefined;

  constructor(bed: TestBed, settings: ServerSettings, timeoutMs: number) {
    this.bed = bed;
    this.record = new EventRecord(timeoutMs);
    this.settings = settings;
  }

  /** Starts the server, connects the proxies to it, and opens the fence producer. */
  async open(): Promise<void> {
    const address = await this.bed.server.start(this.settings);
    for (const proxy of Object.values(this.bed.proxies)) proxy.connectTo(address);
    await this.bed.listen(this.record.add);
    await this.send("producers", "producer.open", {
      ...{ producer: FENCE_PRODUCER, producer_id: FENCE_PRODUCER },
      topics: [{ topic: `${FENCE_PRODUCER}.>` }],
    });
  }

  /** Closes everything. @returns the errors that the server logged. */
  async close(): Promise<readonly string[]> {
    for (const drain of this.drains.values()) drain.catch(() => {});
    try {
      for (const proxy of Object.values(this.bed.proxies)) proxy.heal();
      await this.bed.reset();
    } catch (error) {
      await this.bed.server.kill();
      throw error;
    }
    return await this.bed.server.retire();
  }

  /** Sends a command to the adapter of a role. */
  async send(role: Role, op: string, fields: object): Promise<Answer> {
    return await (await this.bed.adapter(role)).send(op, fields);
  }

  /** Sends a command to the adapter of a producer. */
  async sendTo(producer: string, op: string, fields: object): Promise<Answer> {
    const adapter = this.#extras.get(producer) ?? (await this.bed.adapter("producers"));
    return await adapter.send(op, { producer, ...fields });
  }

  /** Opens a producer. */
  async openProducer(name: string, spec: ProducerSpec): Promise<void> {
    const { id = name, own_process, topics, behaviour = { manual: true }, ...rest } = spec;
    if (own_process) {
      const extra = await this.bed.extra("producers");
      extra.listen(this.record.add);
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

  /** Closes the client of a role, which ends its peers. */
  async closeClient(role: Role): Promise<void> {
    await this.send(role, "client.close", {});
    if (role === "listeners") this.listeners.clear();
  }

  /** Kills a producer's process. */
  async killProducer(name: string): Promise<void> {
    const extra = this.#extras.get(name);
    if (extra === undefined) throw new Error(`${name} has no process of its own`);
    await extra.kill();
  }

  /** Names a request. */
  nameRequest(name: string, requestId: string): void {
    this.#requestIds.set(requestId, name);
    this.#lastRequest = name;
  }

  /** The name of a request, or its id if it has no name. */
  requestName(requestId: string): string {
    return this.#requestIds.get(requestId) ?? requestId;
  }

  /** The id of a request by its name. An unknown name is taken as an id. Default: the latest request. */
  requestId(name: string | undefined): string {
    const wanted = name ?? this.#lastRequest;
    if (wanted === undefined) throw new Error("the scenario has made no request");
    return [...this.#requestIds].find(([, known]) => known === wanted)?.[0] ?? wanted;
  }

  /** The name of a producer by its id, or the id if it has no name. */
  producerName(producerId: string): string {
    return this.#producerIds.get(producerId) ?? producerId;
  }

  /**
   * Sends every listener a result of the runner's own. Streams are ordered, so after it no earlier result can follow.
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

  /** Retries while the requester is still reconnecting after a restart of the server. */
  async #dispatchFence(topic: string): Promise<void> {
    const selector = { producer_ids: [FENCE_PRODUCER] };
    for (let attempt = 1; ; attempt++) {
      try {
        await this.send("requester", "dispatch", { topic, selector, no_producers_action: "WAIT" });
        return;
      } catch (error) {
        const isUnavailable = error instanceof RejectedCommand && error.error.code === "UNAVAILABLE";
        if (!isUnavailable || attempt === FENCE_ATTEMPTS) throw error;
        await sleep(FENCE_RETRY_MS);
      }
    }
  }
}
