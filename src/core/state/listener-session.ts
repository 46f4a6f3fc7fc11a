import { groupOf, identityOf } from "../vocabulary/identity.js";
import type { ListenerOpened } from "../vocabulary/input.js";
import type { OverflowAction } from "../vocabulary/model.js";
import { Audience, NO_AUDIENCE } from "./audiences.js";
import { type Admitted, Session } from "./session.js";

/** A change of a listener's topics; removals are applied before additions. */
export interface TopicChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** A connected listener and its topics. */
export class ListenerSession extends Session {
  readonly kind = "listener";
  readonly sessionId: string;
  readonly includeLate: boolean;
  readonly includeSummaries: boolean;
  /** As it is kept; {@link groupName} shows it. */
  readonly group: string;
  /** Whether it shares its group with other principals, on all its topics. */
  readonly isGroupShared: boolean;
  readonly peer: string;
  /** "" for an anonymous one. */
  readonly principal: string;
  /** Under which it is kept: its principal with its id. */
  readonly identity: string;
  /** Audience of this listener only, for its share of the results as a group member; empty without a group. */
  readonly ownAudience: Audience;
  /** Topics and patterns, in the order in which they were added. */
  readonly topics = new Set<string>();
  /** The change in progress: registrations of it may exist beside those of the topics. */
  change: TopicChange | undefined = undefined;
  /** Whether it has left its topics, although not all of its registrations are removed. */
  hasLeft = false;

  constructor(
    readonly listenerId: string,
    opened: ListenerOpened,
    readonly overflowAction: OverflowAction,
    readonly bufferBytes: number,
    admitted: Admitted,
  ) {
    super(opened.session, admitted);
    this.sessionId = opened.sessionId;
    this.includeLate = opened.includeLate;
    this.includeSummaries = opened.includeSummaries;
    this.principal = opened.principal ?? "";
    this.identity = identityOf(this.principal, listenerId);
    this.isGroupShared = opened.group !== "" && opened.isGroupShared === true;
    this.group = groupOf(this.principal, opened.group, this.isGroupShared);
    this.peer = opened.peer;
    this.ownAudience = opened.group === "" ? NO_AUDIENCE : new Audience([this.key]);
  }
}
