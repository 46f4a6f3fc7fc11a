/**
 * All that the core holds. The rules are elsewhere; see `dispatcher.ts` for who applies which.
 */
import { Deadline, DeadlineWheel } from "../tables/deadline-wheel.js";
import { RateLimit } from "../tables/rate-limit.js";
import { SlotMap } from "../tables/slot-map.js";
import type { Limits } from "../vocabulary/limits.js";
import type { SessionKey } from "../vocabulary/model.js";
import type { Totals } from "../vocabulary/views.js";
import { HeldRequests } from "./held-requests.js";
import type { ListenerSession } from "./listener-session.js";
import { Overload } from "./overload.js";
import type { PendingRequest } from "./pending-request.js";
import type { ProducerSession } from "./producer-session.js";
import { RememberedRequests } from "./remembered.js";
import { RetainedLog } from "./retained-log.js";
import { Router } from "./router.js";
import type { CallerSession } from "./session.js";
import { Topics } from "./topics.js";

/** Any open stream. */
export type AnySession = ProducerSession | ListenerSession | CallerSession;

/** The next time that something old is to be forgotten. */
class Sweep extends Deadline {
  readonly kind = "sweep";
}

/** Anything with a deadline, by its kind. */
export type AnyDeadline = PendingRequest | AnySession | Sweep;

/** All that the core holds. */
export class State {
  readonly wheel = new DeadlineWheel<AnyDeadline>();
  readonly sweep = new Sweep();
  readonly topics: Topics;
  readonly router: Router;
  readonly held = new HeldRequests();
  readonly log: RetainedLog;
  readonly remembered: RememberedRequests;
  readonly rate: RateLimit;
  readonly overload = new Overload();
  readonly sessions = new Map<SessionKey, AnySession>();
  readonly producers = new Map<string, ProducerSession>();
  readonly listeners = new Map<string, ListenerSession>();
  /** Requests that have not ended, by id. */
  readonly requests = new SlotMap<string, PendingRequest>();
  /** Bytes of their payloads. */
  pendingBytes = 0;
  requestSerial = 0;
  assignmentSerial = 0;
  /** How many want to be told facts. */
  watcherCount = 0;
  /** DRAINING takes nothing new; CLOSED has told every stream to end. */
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
  ) {
    this.topics = new Topics(serverId, limits);
    this.router = new Router(this.topics);
    this.log = new RetainedLog(limits);
    this.remembered = new RememberedRequests(limits);
    this.rate = new RateLimit(limits.maxRequestsPerSecond);
  }
}
