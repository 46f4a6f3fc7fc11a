import { line } from "./diff.js";
import type {
  AdapterEvent,
  AssignmentFields,
  DeliveryFields,
  ErrorFields,
  GapFields,
  SummaryFields,
} from "./protocol.js";

/** One event of a listener or a gather. */
export type ReceivedEvent =
  | { readonly kind: "delivery"; readonly delivery: DeliveryFields }
  | { readonly kind: "summary"; readonly summary: SummaryFields }
  | { readonly kind: "gap"; readonly gap: GapFields };

/** The events of a producer. */
export interface ProducerRecord {
  readonly assignments: AssignmentFields[];
  readonly revoked: { readonly request_id: string; readonly reason: string }[];
  readonly dispositions: string[];
}

/** The events of a gather. */
export interface GatherRecord {
  readonly results: ReceivedEvent[];
  /** The ends of the gather; a correct client reports one. */
  readonly ends: (
    | { readonly kind: "summary"; readonly summary: SummaryFields }
    | { readonly kind: "failed"; readonly error: ErrorFields }
  )[];
}

/** How long an event may take, in milliseconds: far above the time that a loaded machine needs. */
export const EVENT_TIMEOUT_MS = 5_000;
const FENCE = "fence";

/** The runner's own topic for a listener. When its result arrives, all earlier results have arrived, too. */
export function fenceTopic(listener: string): string {
  return `${FENCE}.${listener}`;
}

/** The runner's own producer, which answers on the fence topics. */
export const FENCE_PRODUCER = FENCE;

/** All events that the adapters reported in one scenario; waits for further ones. */
export class EventRecord {
  readonly listeners = new Map<string, ReceivedEvent[]>();
  readonly gathers = new Map<string, GatherRecord>();
  readonly producers = new Map<string, ProducerRecord>();
  /** Producers and listeners that ended for good. */
  readonly closed = new Map<string, ErrorFields>();
  readonly fenced = new Set<string>();
  readonly #timeoutMs: number;
  readonly #log: string[] = [];
  readonly #waiting = new Set<() => void>();

  /** @param timeoutMs - how long an event may take. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Stores an event. */
  readonly add = (event: AdapterEvent): void => {
    if (isFence(event)) {
      if (event.event === "result" && event.topic === fenceTopic(event.listener))
        this.fenced.add(event.listener);
    } else {
      this.#log.push(logged(event));
      this.#store(event);
    }
    for (const check of this.#waiting) check();
  };

  /** The events of a producer so far. */
  producer(name: string): ProducerRecord {
    return entry(this.producers, name, () => ({ assignments: [], revoked: [], dispositions: [] }));
  }

  /** The events of a listener so far. */
  listener(name: string): ReceivedEvent[] {
    return entry(this.listeners, name, () => []);
  }

  /** The events of a gather so far. */
  gather(name: string): GatherRecord {
    return entry(this.gathers, name, () => ({ results: [], ends: [] }));
  }

  /** Waits until a condition holds. @returns whether it holds in time. */
  async until(holds: () => boolean): Promise<boolean> {
    if (holds()) return true;
    return await new Promise<boolean>((resolve) => {
      const settle = (came: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(came);
      };
      const check = () => void (holds() && settle(true));
      const timer = setTimeout(() => settle(false), this.#timeoutMs);
      this.#waiting.add(check);
    });
  }

  /** Waits until a condition holds. @throws if it does not hold in time. */
  async demand(what: string, holds: () => boolean): Promise<void> {
    if (!(await this.until(holds))) throw new Error(`${what}: not within ${this.#timeoutMs} ms`);
  }

  /** All events, one line each. Long lines are cut. */
  get log(): readonly string[] {
    return this.#log;
  }

  #store(event: AdapterEvent): void {
    switch (event.event) {
      case "assignment":
        this.producer(event.producer).assignments.push(event);
        break;
      case "revoked":
        this.producer(event.producer).revoked.push(event);
        break;
      case "disposition":
        this.producer(event.producer).dispositions.push(event.state);
        break;
      case "result":
        this.listener(event.listener).push({ kind: "delivery", delivery: event });
        break;
      case "summary":
        this.listener(event.listener).push({ kind: "summary", summary: event });
        break;
      case "gap":
        this.listener(event.listener).push({ kind: "gap", gap: event });
        break;
      case "gather.result":
        this.gather(event.gather).results.push({ kind: "delivery", delivery: event });
        break;
      case "gather.summary":
        this.gather(event.gather).ends.push({ kind: "summary", summary: event });
        break;
      case "gather.failed":
        this.gather(event.gather).ends.push({ kind: "failed", error: event.error });
        break;
      case "closed":
        this.closed.set(event.producer ?? event.listener ?? "", event.error ?? { code: "OK" });
        break;
    }
  }
}

function logged({ event, ...rest }: AdapterEvent): string {
  return `${event} ${line(rest)}`;
}

function isFence(event: AdapterEvent): boolean {
  return "topic" in event && event.topic.startsWith(`${FENCE}.`);
}

function entry<T>(all: Map<string, T>, name: string, make: () => T): T {
  const one = all.get(name) ?? make();
  all.set(name, one);
  return one;
}
