import { identityOf } from "../vocabulary/identity.js";
import type { ListenerOpened } from "../vocabulary/input.js";
import type { Cursor } from "../vocabulary/model.js";
import type { ListenerSession } from "./listener-session.js";
import { type Admitted, Session } from "./session.js";

/**
 * A listener's session that opens in parts, because its topics and cursors do not fit into one message. It receives
 * nothing, not even a heartbeat, before the last part makes it a listener's session.
 */
export class ListenerOpening extends Session {
  readonly kind = "opening";
  /** Topics and patterns of the parts so far, in the order in which they were added. */
  readonly topics: Set<string>;
  /** Under which it is kept: its principal with its id. */
  readonly identity: string;
  /** Whether the topics of all parts so far share the group with other principals. */
  isGroupShared: boolean;
  /** Cursors of the parts so far, by topic. */
  readonly cursors = new Map<string, Cursor>();

  /**
   * @param first - the first part.
   * @param listener - the listener once all parts have arrived: its registrations are being added.
   */
  constructor(
    readonly listenerId: string,
    private readonly first: ListenerOpened,
    admitted: Admitted,
    readonly listener?: ListenerSession,
  ) {
    super(first.session, admitted);
    this.identity = identityOf(first.principal ?? "", listenerId);
    this.isGroupShared = first.isGroupShared === true;
    this.topics = new Set(first.topics);
    this.collect(first.resumeFrom);
  }

  /** Adds cursors. The last one of a topic counts. */
  collect(cursors: Iterable<Cursor>): void {
    for (const cursor of cursors) this.cursors.set(cursor.topic, cursor);
  }

  /** All parts as one. */
  complete(): ListenerOpened {
    const topics = [...this.topics];
    const { isGroupShared } = this;
    const resumeFrom = [...this.cursors.values()];
    return { ...this.first, topics, resumeFrom, isGroupShared, cursorsFollow: false };
  }
}
