/**
 * What everybody did and saw, in one order: the instants are those of the process that all of them report to.
 */
import type { OutcomeState, SummaryReason } from "./names.js";

/** Who is registered on what. */
export interface Registration {
  readonly topic: string;
  /** Empty without one. */
  readonly group: string;
}

/** A position of a topic. */
export interface Cursor {
  readonly topic: string;
  readonly epoch: string;
  readonly sequence: number;
}

/** A result that came to a listener or requester. */
export interface DeliveryFacts {
  readonly requestId: string;
  readonly topic: string;
  readonly producerId: string;
  readonly group: string;
  readonly ordinal: number;
  readonly more: boolean;
  readonly sequence: number;
  readonly late: boolean;
  readonly latencyMs: number;
  /** Of what it carried. */
  readonly digest: string;
  /** What it says itself about who wrote it. */
  readonly session: string;
  readonly index: number;
}

/** What became of one target. */
export interface OutcomeFacts {
  readonly producerId: string;
  readonly group: string;
  readonly state: OutcomeState;
  readonly resultCount: number;
}

/** The end of a request as somebody was told it. */
export interface SummaryFacts {
  readonly requestId: string;
  readonly topic: string;
  readonly reason: SummaryReason;
  readonly satisfied: boolean;
  readonly targetedCount: number;
  readonly answeredCount: number;
  readonly failedCount: number;
  readonly missingCount: number;
  readonly elapsedMs: number;
  readonly outcomes: readonly OutcomeFacts[];
}

/** What was asked, and how. */
export interface RequestFacts {
  readonly requestId: string;
  readonly topic: string;
  readonly ttlMs: number;
  /** Whether the requester wants the results. */
  readonly gather: boolean;
  readonly excludeListeners: boolean;
  readonly letsRun: boolean;
  /** Whether it can end before all targets have answered. */
  readonly hasPolicy: boolean;
  /** Whether it asks only some of the producers. */
  readonly selects: boolean;
  readonly noProducers: "COMPLETE" | "FAIL" | "WAIT";
  readonly digest: string;
}

type Kinds = {
  /** What is going to be tried. */
  planned: { readonly seed: number; readonly restarts: boolean; readonly forgets: boolean };
  /** A server process listens. */
  serverStarted: { readonly serverId: string };
  /** It is about to be killed. */
  serverKilled: { readonly serverId: string };
  /** It was asked something small, and answered after so long. */
  probed: { readonly sentAt: number };
  /** The process that all report to was busy for so long. */
  stalled: { readonly ms: number };

  /** A producer says hello. `isExact`: each reply that is logged was sent, and is reported on. */
  producerOpened: {
    readonly session: string;
    readonly producerId: string;
    readonly registrations: readonly Registration[];
    readonly isExact: boolean;
  };
  welcomed: { readonly session: string; readonly serverId: string };
  registering: { readonly session: string; readonly registrations: readonly Registration[] };
  registered: { readonly session: string; readonly topics: readonly string[] };
  deregistering: { readonly session: string; readonly topics: readonly string[] };
  deregistered: { readonly session: string; readonly topics: readonly string[] };
  draining: { readonly session: string };
  drained: { readonly session: string };
  /** From here on the server may find it gone. */
  producerBroken: { readonly session: string; readonly by: string };
  producerEnded: { readonly session: string; readonly code: string; readonly reason: string };
  assigned: {
    readonly session: string;
    readonly assignmentId: string;
    readonly requestId: string;
    readonly topic: string;
    readonly attempt: number;
    readonly ttlMs: number;
    readonly digest: string;
  };
  revoked: { readonly session: string; readonly assignmentId: string; readonly reason: string };
  replied: {
    readonly session: string;
    readonly assignmentId: string;
    readonly requestId: string;
    readonly producerId: string;
    readonly index: number;
    readonly more: boolean;
    readonly isError: boolean;
    readonly digest: string;
  };
  disposed: { readonly session: string; readonly assignmentId: string; readonly state: string };

  /**
   * A listener opens a stream. `listener` is who it is across streams. A stream of a client library that reconnects by
   * itself has `isResumedByClient` and shows no cursors.
   */
  listenerOpened: {
    readonly stream: string;
    readonly listener: string;
    readonly topics: readonly string[];
    readonly group: string;
    readonly includeLate: boolean;
    readonly includeSummaries: boolean;
    readonly resumeFrom: readonly Cursor[];
    /** 0 for the server's default. */
    readonly bufferBytes: number;
    readonly isResumedByClient: boolean;
  };
  ready: { readonly stream: string; readonly serverId: string; readonly cursors: readonly Cursor[] };
  delivered: { readonly stream: string } & DeliveryFacts;
  listenerTold: { readonly stream: string } & SummaryFacts;
  gap: {
    readonly stream: string;
    readonly topic: string;
    readonly reason: string;
    readonly from: number;
    readonly to: number;
    readonly lostCount: number;
  };
  topicsChanged: {
    readonly stream: string;
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly cursors: readonly Cursor[];
  };
  /**
   * A client library is told to change its topics; when `topicsChanged` follows, it has. In between it cannot be seen
   * from outside whether what comes is of before or after.
   */
  changing: { readonly stream: string; readonly topics: readonly string[] };
  heartbeat: { readonly stream: string; readonly cursors: readonly Cursor[] };
  /** It stops reading. */
  paused: { readonly stream: string };
  listenerBroken: { readonly stream: string; readonly by: string };
  listenerEnded: { readonly stream: string; readonly code: string; readonly reason: string };

  /** A request is sent; `isRepeat` if the same was sent before. */
  submitted: { readonly caller: string; readonly isRepeat: boolean } & RequestFacts;
  accepted: {
    readonly caller: string;
    readonly requestId: string;
    readonly targets: readonly { readonly producerId: string; readonly group: string }[];
    readonly ttlMs: number;
  };
  refused: {
    readonly caller: string;
    readonly requestId: string;
    readonly code: string;
    readonly reason: string;
  };
  gathered: { readonly caller: string } & DeliveryFacts;
  callerTold: { readonly caller: string } & SummaryFacts;
  cancelling: { readonly requestId: string };
  cancellerTold: SummaryFacts;
  callerBroken: { readonly caller: string; readonly by: string };
  callerEnded: { readonly caller: string; readonly code: string };

  /** No request is in flight any more; what was said before this is answered before it is quiet. */
  settling: { readonly serverId: string };
  /** Everything was answered, ended and delivered, as far as could be waited for. */
  quiet: {
    readonly serverId: string;
    readonly pending: number;
    readonly outstanding: number;
    readonly waiting: number;
    readonly totals: Readonly<Record<string, number>>;
    readonly topics: readonly Cursor[];
  };
  /** Everybody has left. */
  empty: { readonly producers: number; readonly listeners: number; readonly pending: number };
  /** The last server was told to end. */
  serverExited: { readonly code: number | null; readonly complaints: readonly string[] };
};

/** A kind of event. */
export type Kind = keyof Kinds;
/** What an event of a kind says. */
export type Said<K extends Kind> = Kinds[K];
/** An event of a kind, when it was noted, in milliseconds of one monotonic clock. */
export type EventOf<K extends Kind> = { readonly at: number; readonly kind: K } & Kinds[K];
/** Any event. */
export type HistoryEvent = { [K in Kind]: EventOf<K> }[Kind];

/** Takes what actors note. */
export interface Notes {
  /** Notes an event at this very moment. */
  note<K extends Kind>(kind: K, said: Said<K>): void;
}

/** All that was noted. */
export class History implements Notes {
  readonly events: HistoryEvent[] = [];

  note<K extends Kind>(kind: K, said: Said<K>): void {
    this.events.push({ at: performance.now(), kind, ...said } as unknown as HistoryEvent);
  }
}

/** Those of a kind, in order. */
export function ofKind<K extends Kind>(events: readonly HistoryEvent[], kind: K): readonly EventOf<K>[] {
  return events.filter((event): event is EventOf<K> & HistoryEvent => event.kind === kind);
}
