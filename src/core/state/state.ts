/**
 * The state of the core. The rules are elsewhere; `dispatcher.ts` maps inputs to rules.
 */
import { Deadline, DeadlineWheel } from "../tables/deadline-wheel.js";
import { Ledger } from "../tables/ledger.js";
import { RateLimit } from "../tables/rate-limit.js";
import { SerialOrder } from "../tables/serial-order.js";
import { SlotMap } from "../tables/slot-map.js";
import { SortedMap } from "../tables/sorted-map.js";
import type { Limits } from "../vocabulary/limits.js";
import type { SessionKey } from "../vocabulary/model.js";
import type { Totals } from "../vocabulary/views.js";
import type { ListedRequest } from "./ended-requests.js";
import { HeldRequests } from "./held-requests.js";
import type { ListenerOpening } from "./listener-opening.js";
import type { ListenerSession } from "./listener-session.js";
import { Overload } from "./overload.js";
import type { PendingRequest } from "./pending-request.js";
import type { ProducerSession } from "./producer-session.js";
import { RememberedRequests } from "./remembered.js";
import { RetainedLog } from "./retained-log.js";
import { RouteCache } from "./route-cache.js";
import { Router } from "./router.js";
import type { CallerSession } from "./session.js";
import { Topics } from "./topics.js";
import { UnfinishedWork } from "./unfinished-work.js";

/** Any open stream. */
export type AnySession = ProducerSession | ListenerSession | ListenerOpening | CallerSession;

/** The deadline of the next sweep for expired state. */
class Sweep extends Deadline {
  readonly kind = "sweep";
}

/** Anything with a deadline, by its kind. */
export type AnyDeadline = PendingRequest | AnySession | Sweep;

/** The complete state of the core. */
export class State {
  /** What is held for each peer. */
  readonly ledger: Ledger;
  readonly wheel = new DeadlineWheel<AnyDeadline>();
  readonly sweep = new Sweep();
  readonly topics: Topics;
  readonly router: Router;
  readonly held = new HeldRequests();
  readonly log: RetainedLog;
  readonly remembered: RememberedRequests;
  readonly rate: RateLimit;
  readonly work: UnfinishedWork;
  readonly overload = new Overload();
  readonly sessions = new Map<SessionKey, AnySession>();
  /** Producers by identity. */
  readonly producers = new SortedMap<ProducerSession>();
  /** Listeners by identity. */
  readonly listeners = new SortedMap<ListenerSession>();
  /** Listeners whose parts are being collected, by identity. None of them is among the listeners. */
  readonly openings = new Map<string, ListenerOpening>();
  /** Requests that have not ended, by identity. */
  readonly requests = new SlotMap<string, PendingRequest>();
  /** Requests that have not ended, and the records of those that ended recently. */
  readonly listed = new SerialOrder<ListedRequest>();
  /** Total bytes of payload, context and selector of the pending requests. */
  pendingBytes = 0;
  /** Whether deadlines that are due are being settled. */
  isSettling = false;
  /** Whether state that has expired is being removed. */
  isSweeping = false;
  requestSerial = 0;
  assignmentSerial = 0;
  /** Number of watchers, which receive facts. */
  watcherCount = 0;
  /** Number of open streams that are no sessions: of watchers, health checks and reflection. */
  otherStreamCount = 0;
  /** DRAINING accepts no new requests or sessions. In CLOSED, every stream has been told to end. */
  phase: "OPEN" | "DRAINING" | "CLOSED" = "OPEN";
  readonly totals: Totals = {
    acceptedRequests: 0,
    rejectedRequests: 0,
    assignments: 0,
    results: 0,
    lateResults: 0,
    duplicateResults: 0,
    unknownResults: 0,
    cancelledResults: 0,
    deliveries: 0,
  };

  constructor(
    readonly serverId: string,
    readonly limits: Limits,
    unitsPerSlice: number,
  ) {
    const { maxHeldBytes, peerShare } = limits;
    this.ledger = new Ledger({ maxHeldBytes: maxHeldBytes || Number.MAX_SAFE_INTEGER, peerShare });
    this.topics = new Topics(serverId, limits, new RouteCache(undefined, this.ledger.common));
    this.router = new Router(this.topics);
    this.log = new RetainedLog(limits, this.ledger.common);
    this.remembered = new RememberedRequests(limits, this.listed, this.ledger.common);
    this.rate = new RateLimit(limits.maxRequestsPerSecond);
    this.work = new UnfinishedWork(unitsPerSlice);
  }
}
