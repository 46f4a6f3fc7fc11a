/**
 * The plan of a run: its actors, requests and faults. It depends only on the seed.
 */
import type { Registration } from "./history.js";
import { planActors } from "./plan-actors.js";
import { planActs } from "./plan-acts.js";
import { Random } from "./random.js";

/** How an actor is built: from stubs in this process, from stubs in its own process, or on the TypeScript client. */
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
  /** Only for `wire`: which of the two calls it uses. */
  readonly call: "Listen" | "Subscribe";
  readonly topics: readonly string[];
  readonly group: string;
  readonly includeLate: boolean;
  readonly includeSummaries: boolean;
  /** Whether it resumes by its cursors after a reconnect. */
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

/** Faults and changes of actors. */
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

/** An act at an instant of the run. */
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

/** All actors of a run. */
export interface ActorSpecs {
  readonly producers: readonly ProducerSpec[];
  readonly listeners: readonly ListenerSpec[];
  readonly requesters: readonly RequesterSpec[];
}

/** The plan of a run. */
export interface Plan extends ActorSpecs {
  readonly seed: number;
  readonly ms: number;
  /** Whether the server is killed in the middle. */
  readonly restarts: boolean;
  /** Whether the server retains so few results that resumed listeners get gaps. */
  readonly forgets: boolean;
  /** Flags of `ate-dispatcher serve`. */
  readonly flags: readonly string[];
  /** All acts, in order of time. */
  readonly acts: readonly Act[];
}

/** Options of a plan that the seed does not decide. */
export interface PlanWishes {
  readonly restarts?: boolean;
  readonly forgets?: boolean;
}

/** Interval in milliseconds. Heartbeats carry cursors; at the end they show that no more results follow. */
const HEARTBEAT_MS = 400;

/** Returns the plan for a seed. */
export function makePlan(seed: number, ms: number, wishes: PlanWishes = {}): Plan {
  const random = new Random(seed);
  const roll = { restarts: random.chance(0.25), forgets: random.chance(0.2) };
  const { restarts, forgets } = { ...roll, ...wishes };
  const actors = planActors(random, forgets);
  const flags = [
    ...["--heartbeat-ms", String(HEARTBEAT_MS), "--drain-grace-ms", "0"],
    // The server remembers all ended assignments of a run, so that late replies never become UNKNOWN.
    ...["--remembered-assignments", "100000"],
    ...(forgets ? ["--retained-bytes", "64KiB"] : []),
  ];
  return { seed, ms, restarts, forgets, flags, ...actors, acts: planActs(random, ms, actors, restarts) };
}
