/**
 * The events of a run in one order. All instants are taken by the process that collects the events.
 */
import type { OutcomeState, SummaryReason } from "./names.js";

/** A registration of a producer. */
export interface Registration {
  readonly topic: string;
  /** Empty without a group. */
  readonly group: string;
}

/** A sequence in a topic, with its epoch. */
export interface Cursor {
  readonly topic: string;
  readonly epoch: string;
  readonly sequence: number;
}

/** A result that a listener or requester received. */
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
  /** Digest of the payload. */
  readonly digest: string;
  /** The writer, as named in the payload. */
  readonly session: string;
  readonly index: number;
}

/** The outcome of one target. */
export interface OutcomeFacts {
  readonly producerId: string;
  readonly group: string;
  readonly state: OutcomeState;
  readonly resultCount: number;
}

/** The end of a request, as a summary reports it. */
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

/** A request. */
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
  /** Whether it selects only some of the producers. */
  readonly selects: boolean;
  readonly noProducers: "COMPLETE" | "FAIL" | "WAIT";
  readonly digest: string;
}

type Kinds = {
  /** The plan of the run. */
  planned: { readonly seed: number; readonly restarts: boolean; readonly forgets: boolean };
  /** A server process listens. */
  serverStarted: { readonly serverId: string };
  /** The server is about to be killed. */
  serverKilled: { readonly serverId: string };
  /** The server answered a small call that was sent at this instant. */
  probed: { readonly sentAt: number };
  /** The collecting process was busy for this time. */
  stalled: { readonly ms: number };

  /** A producer sends Hello. `isExact`: every noted reply was sent and gets a disposition. */
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
  /** From this instant on, the server may notice that the producer is disconnected. */
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
   * A listener opens a stream. `listener` identifies it across streams. With `isResumedByClient`, a client library
   * reconnects automatically and shows no cursors.
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
   * A client library begins to change its topics; `topicsChanged` follows when it has. Results in between may belong to
   * either set of topics.
   */
  changing: { readonly stream: string; readonly topics: readonly string[] };
  heartbeat: { readonly stream: string; readonly cursors: readonly Cursor[] };
  /** A listener stops reading. */
  paused: { readonly stream: string };
  listenerBroken: { readonly stream: string; readonly by: string };
  listenerEnded: { readonly stream: string; readonly code: string; readonly reason: string };

  /** A request is sent. `isRepeat`: the same request was sent before. */
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

  /** No request is pending. All messages before this event are answered before `quiet`. */
  settling: { readonly serverId: string };
  /** Everything is answered, ended and delivered, or the wait has timed out. */
  quiet: {
    readonly serverId: string;
    readonly pending: number;
    readonly outstanding: number;
    readonly waiting: number;
    readonly totals: Readonly<Record<string, number>>;
    readonly topics: readonly Cursor[];
  };
  /** All actors have closed. */
  empty: { readonly producers: number; readonly listeners: number; readonly pending: number };
  /** The last server was asked to shut down. */
  serverExited: { readonly code: number | null; readonly complaints: readonly string[] };
};

/** A kind of event. */
export type Kind = keyof Kinds;
/** The fields of an event of a kind. */
export type Said<K extends Kind> = Kinds[K];
/** An event of a kind. `at` is its instant, in milliseconds of a monotonic clock. */
export type EventOf<K extends Kind> = { readonly at: number; readonly kind: K } & Kinds[K];
/** Any event. */
export type HistoryEvent = { [K in Kind]: EventOf<K> }[Kind];

/** Receives the events of actors. */
export interface Notes {
  /** Adds an event with the current instant. */
  note<K extends Kind>(kind: K, said: Said<K>): void;
}

/** All events of a run. */
export class History implements Notes {
  readonly events: HistoryEvent[] = [];

  note<K extends Kind>(kind: K, said: Said<K>): void {
    this.events.push({ at: performance.now(), kind, ...said } as unknown as HistoryEvent);
  }
}

/** The events of a kind, in order. */
export function ofKind<K extends Kind>(events: readonly HistoryEvent[], kind: K): readonly EventOf<K>[] {
  return events.filter((event): event is EventOf<K> & HistoryEvent => event.kind === kind);
}
