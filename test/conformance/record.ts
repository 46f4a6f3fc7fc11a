import { line } from "./diff.js";
import type {
  AdapterEvent,
  AssignmentFields,
  DeliveryFields,
  ErrorFields,
  GapFields,
  SummaryFields,
} from "./protocol.js";

/** One thing on a listener's stream, or among a gather's results. */
export type Heard =
  | { readonly kind: "delivery"; readonly delivery: DeliveryFields }
  | { readonly kind: "summary"; readonly summary: SummaryFields }
  | { readonly kind: "gap"; readonly gap: GapFields };

/** What a producer's handler and session saw. */
export interface ProducerRecord {
  readonly assignments: AssignmentFields[];
  readonly revoked: { readonly request_id: string; readonly reason: string }[];
  readonly dispositions: string[];
}

/** What a gather saw. */
export interface GatherRecord {
  readonly results: Heard[];
  /** Its ends: one, if all is well. */
  readonly ends: (
    | { readonly kind: "summary"; readonly summary: SummaryFields }
    | { readonly kind: "failed"; readonly error: ErrorFields }
  )[];
}

/** How long something may take to come, in milliseconds: far beyond what a loaded machine needs. */
export const PATIENCE_MS = 5_000;
const FENCE = "fence";

/** Topics of the runner's own: a listener that hears one of them has heard all that came before. */
export function fenceTopic(listener: string): string {
  return `${FENCE}.${listener}`;
}

/** The producer that answers them. */
export const FENCE_PRODUCER = FENCE;

/** All that the adapters reported in one scenario, and the waiting for it. */
export class Record {
  readonly listeners = new Map<string, Heard[]>();
  readonly gathers = new Map<string, GatherRecord>();
  readonly producers = new Map<string, ProducerRecord>();
  /** Producers and listeners whose sessions ended for good. */
  readonly closed = new Map<string, ErrorFields>();
  readonly fenced = new Set<string>();
  readonly #patienceMs: number;
  readonly #log: string[] = [];
  readonly #waiting = new Set<() => void>();

  /** @param patienceMs - how long something may take to come. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** Takes what an adapter reported. */
  readonly take = (event: AdapterEvent): void => {
    if (isFence(event)) {
      if (event.event === "result" && event.topic === fenceTopic(event.listener))
        this.fenced.add(event.listener);
    } else {
      this.#log.push(logged(event));
      this.#store(event);
    }
    for (const check of this.#waiting) check();
  };

  /** What a producer saw so far. */
  producer(name: string): ProducerRecord {
    return entry(this.producers, name, () => ({ assignments: [], revoked: [], dispositions: [] }));
  }

  /** What a listener heard so far. */
  listener(name: string): Heard[] {
    return entry(this.listeners, name, () => []);
  }

  /** What a gather got so far. */
  gather(name: string): GatherRecord {
    return entry(this.gathers, name, () => ({ results: [], ends: [] }));
  }

  /** Waits until something has been reported. @returns whether it came in time. */
  async until(holds: () => boolean): Promise<boolean> {
    if (holds()) return true;
    return await new Promise<boolean>((resolve) => {
      const settle = (came: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(came);
      };
      const check = () => void (holds() && settle(true));
      const timer = setTimeout(() => settle(false), this.#patienceMs);
      this.#waiting.add(check);
    });
  }

  /** As {@link until}. @throws if it did not come. */
  async demand(what: string, holds: () => boolean): Promise<void> {
    if (!(await this.until(holds))) throw new Error(`${what}: not within ${this.#patienceMs} ms`);
  }

  /** Every event, a line each, what is long cut. */
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
