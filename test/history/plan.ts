/**
 * What a run will try: who is there, who asks what and when, and what fails. Nothing but the seed decides it.
 */
import type { Registration } from "./history.js";
import { planActs } from "./plan-acts.js";
import { planCast } from "./plan-peers.js";
import { Random } from "./random.js";

/** How a peer is built: own stubs here, own stubs in a process of its own, or the TypeScript client. */
export type Make = "wire" | "process" | "client";

/** A producer. */
export interface ProducerSpec {
  readonly id: string;
  readonly make: Make;
  readonly registrations: readonly Registration[];
  readonly maxOutstanding: number;
  readonly maxBacklog: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** A listener. */
export interface ListenerSpec {
  readonly id: string;
  readonly make: Make;
  /** Only of `wire`: on which of the two calls it listens. */
  readonly call: "Listen" | "Subscribe";
  readonly topics: readonly string[];
  readonly group: string;
  readonly includeLate: boolean;
  readonly includeSummaries: boolean;
  /** Whether it comes back with its cursors. */
  readonly resumes: boolean;
  readonly bufferBytes: number;
}

/** A requester. */
export interface RequesterSpec {
  readonly id: string;
  readonly make: "submit" | "unary" | "client";
}

/** When a gather ends early. */
export interface CompletionSpec {
  readonly resultCount?: number;
  readonly quorumPercent?: number;
  readonly firstSuccess?: boolean;
  readonly stallTimeoutMs?: number;
  readonly loserAction?: "CANCEL" | "LET_RUN";
}

/** A request. */
export interface RequestSpec {
  readonly requestId: string;
  readonly topic: string;
  readonly ttlMs: number;
  readonly gather: boolean;
  readonly excludeListeners: boolean;
  readonly completion: CompletionSpec | undefined;
  readonly maxTargets: number;
  readonly label: string;
  readonly noProducers: "COMPLETE" | "FAIL" | "WAIT";
  readonly payloadBytes: number;
}

/** What can be done to peers. */
export type Fault =
  | "severProducer"
  | "cutProducer"
  | "drainProducer"
  | "replaceProducer"
  | "severListener"
  | "cutListener"
  | "pauseListener"
  | "severRequester"
  | "cutRequester"
  | "restartServer";

/** What happens at an instant of the run. */
export type Act = { readonly atMs: number } & (
  | { readonly kind: "request"; readonly requester: string; readonly spec: RequestSpec }
  | { readonly kind: "repeat"; readonly requester: string; readonly spec: RequestSpec }
  | { readonly kind: "cancel"; readonly requestId: string }
  | { readonly kind: "register"; readonly who: string; readonly registration: Registration }
  | { readonly kind: "deregister"; readonly who: string; readonly topic: string }
  | { readonly kind: "listenTo"; readonly who: string; readonly topic: string }
  | { readonly kind: "leave"; readonly who: string; readonly topic: string }
  | { readonly kind: Fault; readonly who: string; readonly backMs: number }
);

/** Everybody in a run. */
export interface Cast {
  readonly producers: readonly ProducerSpec[];
  readonly listeners: readonly ListenerSpec[];
  readonly requesters: readonly RequesterSpec[];
}

/** What a run will try. */
export interface Plan extends Cast {
  readonly seed: number;
  readonly ms: number;
  /** Whether the server is killed in the middle. */
  readonly restarts: boolean;
  /** Whether what is retained is so little that who comes back finds holes. */
  readonly forgets: boolean;
  /** Flags of `ate-dispatcher serve`. */
  readonly flags: readonly string[];
  /** By time. */
  readonly acts: readonly Act[];
}

/** What may be wished of a plan instead of leaving it to the seed. */
export interface PlanWishes {
  readonly restarts?: boolean;
  readonly forgets?: boolean;
}

/** Heartbeats carry the cursors, and in the end show that nothing more is on its way. */
const HEARTBEAT_MS = 400;

/** Makes the plan of a seed. */
export function makePlan(seed: number, ms: number, wishes: PlanWishes = {}): Plan {
  const random = new Random(seed);
  const roll = { restarts: random.chance(0.25), forgets: random.chance(0.2) };
  const { restarts, forgets } = { ...roll, ...wishes };
  const cast = planCast(random, forgets);
  const flags = [
    ...["--heartbeat-ms", String(HEARTBEAT_MS), "--drain-grace-ms", "0"],
    // Whatever is answered after its end is told apart from what was never asked, however much that is.
    ...["--remembered-assignments", "100000"],
    ...(forgets ? ["--retained-bytes", "64KiB"] : []),
  ];
  return { seed, ms, restarts, forgets, flags, ...cast, acts: planActs(random, ms, cast, restarts) };
}
