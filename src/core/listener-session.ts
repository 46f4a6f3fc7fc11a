import type { ListenerOpened } from "./input.js";
import { Audience, type Instant, type OverflowAction } from "./model.js";
import { Session } from "./session.js";

/** A connected listener and its topics. */
export class ListenerSession extends Session {
  readonly kind = "listener";
  readonly sessionId: string;
  readonly includeLate: boolean;
  readonly includeSummaries: boolean;
  readonly group: string;
  readonly peer: string;
  private onlyItself: Audience | undefined = undefined;
  /** Topics and patterns, as they were added. */
  readonly topics = new Set<string>();

  constructor(
    readonly listenerId: string,
    opened: ListenerOpened,
    readonly overflowAction: OverflowAction,
    readonly bufferBytes: number,
    openedAt: Instant,
  ) {
    super(opened.session, openedAt);
    this.sessionId = opened.sessionId;
    this.includeLate = opened.includeLate;
    this.includeSummaries = opened.includeSummaries;
    this.group = opened.group;
    this.peer = opened.peer;
  }

  /** This listener and nobody else; made for members of groups, which need it. */
  get alone(): Audience {
    this.onlyItself ??= new Audience([this.key]);
    return this.onlyItself;
  }
}
