// A peer limits how many streams a connection may have; common proxies admit 100 or 128. A stream beyond the limit would
// wait silently in node:http2 until another one ends, which a session never does. So a call is opened only on a
// connection that admits it, and a further connection is opened at the limit. Calls that run are not touched.
import type { Client } from "@grpc/grpc-js";
import { Alarm } from "../async/alarm.js";
import { Inbox } from "../async/inbox.js";
import { type DispatcherError, tooManyConnections } from "../errors.js";
import { Link } from "./link.js";

/** The maximum number of connections of one client. */
export const MAX_CONNECTIONS = 1_000;

/** How long a further connection without calls stays open, in milliseconds. */
const IDLE_MS = 10_000;

/** A call that waits for a connection. */
export interface WaitingCall {
  /** Opens the call on a link that admits it. */
  open(link: Link): void;
  /** There is no such link, and none can be added. */
  refuse(error: DispatcherError): void;
}

/** The links to one dispatcher. */
export class LinkPool {
  readonly #newClient: () => Client;
  readonly #idleMs: number;
  /** The links that take calls, the oldest first. */
  #open: Link[] = [];
  /** The links with calls, also those that take no further ones. */
  readonly #links = new Set<Link>();
  #waiting = new Inbox<WaitingCall>();
  /** The first of the waiting calls. */
  #next: WaitingCall | undefined;
  readonly #idle = new Alarm();
  #isClosed = false;

  /**
   * @param newClient - creates a channel with connections of its own.
   * @param idleMs - how long a further connection without calls stays open, in milliseconds.
   */
  constructor(newClient: () => Client, idleMs: number = IDLE_MS) {
    this.#newClient = newClient;
    this.#idleMs = idleMs;
  }

  /** The link that calls go to first. */
  get first(): Link {
    return this.#open[0] ?? this.#add();
  }

  /** Opens the call at once if a link admits it, else when one is connected that does. */
  admit(call: WaitingCall): void {
    if (this.#next !== undefined) this.#waiting.push(call);
    else if (!this.#tryOpen(call)) this.#next = call;
  }

  /** Aborts all calls. */
  abortCalls(error: DispatcherError): void {
    for (let call = this.#next; call !== undefined; call = this.#waiting.shift()) call.refuse(error);
    this.#next = undefined;
    for (const link of [...this.#links]) link.abortCalls(error);
  }

  /** Closes all links. Their calls must have ended. */
  close(): void {
    this.#isClosed = true;
    this.#idle.clear();
    for (const link of this.#links) link.client.close();
    this.#open = [];
    this.#links.clear();
  }

  /** @returns false if the call has to wait for a link to connect. */
  #tryOpen(call: WaitingCall): boolean {
    const link = this.#open.find((each) => each.hasRoom);
    if (link !== undefined) {
      call.open(link);
      return true;
    }
    if (this.#open.some((each) => each.isConnecting)) return false;
    if (this.#open.length >= MAX_CONNECTIONS) {
      call.refuse(tooManyConnections(MAX_CONNECTIONS));
      return true;
    }
    const added = this.#add();
    if (!added.hasRoom) return false;
    call.open(added);
    return true;
  }

  #openWaiting(): void {
    while (!this.#isClosed && this.#next !== undefined && this.#tryOpen(this.#next)) {
      this.#next = this.#waiting.shift();
    }
  }

  #add(): Link {
    const link: Link = new Link(this.#newClient(), {
      onRetired: () => this.#remove(link),
      onClosed: () => void this.#links.delete(link),
      onRoom: () => this.#openWaiting(),
      onIdle: () => this.#releaseLater(),
    });
    this.#open.push(link);
    this.#links.add(link);
    return link;
  }

  #remove(link: Link): void {
    this.#open = this.#open.filter((each) => each !== link);
    this.#openWaiting();
  }

  #releaseLater(): void {
    if (this.#isClosed || this.#open.length < 2) return;
    this.#idle.set(this.#idleMs, () => {
      for (const link of this.#open.slice(1)) if (link.callCount === 0) link.release();
    });
  }
}
