/** A listener of the TypeScript client, which resumes automatically and delivers no result twice. */
import {
  createClient,
  type DispatcherClient,
  type Listener,
  type ResultDelivery,
} from "ate-dispatcher-client";
import type { DeliveryFacts } from "../history.js";
import type { ListenerSpec } from "../plan.js";
import { factsOf } from "../read.js";
import type { RunContext } from "../run-context.js";
import { SYNC_TOPIC } from "../sync-topic.js";

const RECONNECT = { initialDelayMs: 50, maxDelayMs: 200 };

/** One listener. Its sessions are noted as one stream. */
export class ClientListener {
  /** Whether it has a session. */
  isLive = false;
  readonly #client: DispatcherClient;
  readonly #stream: string;
  #listener: Listener | undefined;

  constructor(
    private readonly context: RunContext,
    private readonly spec: ListenerSpec,
    address: string,
  ) {
    this.#client = createClient({ address, reconnect: RECONNECT });
    this.#stream = spec.id;
  }

  /** Connects; the client reconnects automatically. */
  open(): void {
    const { context, spec } = this;
    const stream = this.#stream;
    const { id, topics, includeLate, includeSummaries } = spec;
    context.note("listenerOpened", {
      ...{ stream, listener: id, topics, group: "", includeLate, includeSummaries, resumeFrom: [] },
      ...{ bufferBytes: 0, isResumedByClient: true },
    });
    this.#listener = this.#client.createListener({
      ...{ id, topics, includeLate },
      onResult: (result) => context.note("delivered", { stream, ...resultFacts(result) }),
      onGap: ({ topic, reason, from, to, lostCount }) => {
        const numbers = { from: Number(from), to: Number(to), lostCount: Number(lostCount) };
        context.note("gap", { stream, topic, reason, ...numbers });
      },
      ...(includeSummaries && {
        onSummary: (summary) => context.note("listenerTold", { stream, ...summary }),
      }),
      onStatus: (status) => {
        this.isLive = status.type === "ready";
        if (status.type === "ready") {
          context.note("ready", { stream, serverId: status.serverId, cursors: [] });
        } else if (status.type === "disconnected") {
          context.note("listenerEnded", { stream, code: "", reason: status.error.reason });
        }
      },
    });
    this.#listener.closed.catch(() => undefined);
  }

  breakOff(by: string, sever: () => void): void {
    this.context.note("listenerBroken", { stream: this.#stream, by });
    sever();
  }

  add(topic: string): void {
    this.context.note("changing", { stream: this.#stream, topics: [topic] });
    const note = () => this.context.note("topicsChanged", this.#change([topic], []));
    this.#listener?.add(topic).then(note, () => undefined);
  }

  remove(topic: string): void {
    this.context.note("changing", { stream: this.#stream, topics: [topic] });
    const note = () => this.context.note("topicsChanged", this.#change([], [topic]));
    this.#listener?.remove(topic).then(note, () => undefined);
  }

  /** Resolves when all earlier messages of the server have arrived. */
  async sync(): Promise<void> {
    await this.#listener?.add(SYNC_TOPIC);
  }

  async close(): Promise<void> {
    await this.#client.close({ graceMs: 1_000 });
  }

  #change(added: readonly string[], removed: readonly string[]) {
    return { stream: this.#stream, added, removed, cursors: [] };
  }
}

/** The fields of a result of the client. */
export function resultFacts(result: ResultDelivery): DeliveryFacts {
  const { requestId, topic, producerId, group, ordinal, more, late, latencyMs, error, data } = result;
  const content = error ? factsOf("error", error.details) : factsOf("data", data ?? new Uint8Array());
  return {
    ...{ requestId, topic, producerId, group, ordinal, more, late, latencyMs },
    sequence: Number(result.sequence),
    ...content,
  };
}
