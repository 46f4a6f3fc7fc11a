import { createDeferred } from "../async/deferred.js";
import { Inbox } from "../async/inbox.js";
import type { Connection } from "../connection/connection.js";
import type { StreamCall } from "../connection/stream-call.js";
import { cancelled, type DispatcherError, endedByServer } from "../errors.js";
import type { WatchEvent as WatchMessage } from "../gen/ate/dispatcher/v1/introspection.js";
import {
  IntrospectionServiceService,
  WatchRequest,
  WatchResponse,
} from "../gen/ate/dispatcher/v1/introspection_service.js";
import { type Acceptance, acceptanceOf } from "../values/acceptance.js";
import { dateFromTimestamp } from "../values/duration.js";
import { type Summary, summaryOf } from "../values/summary.js";
import type { ListenerInfo, ProducerInfo, ServerInfo } from "./introspection-info.js";
import { listenerInfoOf, producerInfoOf, serverInfoOf } from "./introspection-read.js";

/** An event in the dispatcher. `time` is the instant by the server's wall clock. */
export type WatchEvent =
  /** A producer connected, or its registrations changed. At most once per second for each producer. */
  | { readonly type: "producerChanged"; readonly time: Date; readonly producer: ProducerInfo }
  /** A producer's session ended. */
  | {
      readonly type: "producerLeft";
      readonly time: Date;
      readonly producerId: string;
      readonly principal: string;
    }
  /** A listener connected, or its topics changed. At most once per second for each listener. */
  | { readonly type: "listenerChanged"; readonly time: Date; readonly listener: ListenerInfo }
  /** A listener's session ended. */
  | {
      readonly type: "listenerLeft";
      readonly time: Date;
      readonly listenerId: string;
      readonly principal: string;
    }
  /** A request was accepted; `requester` is the principal whose request it is. */
  | {
      readonly type: "requestAccepted";
      readonly time: Date;
      readonly requester: string;
      readonly acceptance: Acceptance;
    }
  /** A request ended. */
  | { readonly type: "requestEnded"; readonly time: Date; readonly summary: Summary }
  /** The state of the server: first at the start of the watch, then once a second. */
  | { readonly type: "server"; readonly time: Date; readonly server: ServerInfo }
  /**
   * The server dropped `lostCount` events at this place, because the watcher read too slowly. Events about other topics
   * than those of the watch may be among them.
   */
  | { readonly type: "lost"; readonly time: Date; readonly lostCount: number };

/** What to watch. */
export interface WatchOptions {
  /**
   * Restricts the watch to events about topics that match this pattern. A change of a producer or listener is about the
   * topics that were added or removed; an event about more than 32 topics is not restricted, nor are `server` and `lost`.
   * Default: all.
   */
  readonly topic?: string;
  /** Ends the watch when it fires; the loop then throws CANCELLED. Default: none. */
  readonly signal?: AbortSignal;
}

/** An open watch. */
export interface OpenWatch extends AsyncIterator<WatchEvent, undefined> {
  /** Resolves when the call has ended. */
  readonly ended: Promise<void>;
  /** Ends the watch: drops the queued events and makes the loop throw `error`. */
  abort(error: DispatcherError): void;
}

/**
 * The stream is paused at this many queued events and resumed at half as many. The server counts what it then drops.
 */
const PAUSE_THRESHOLD = 1024;

/** Opens a watch. @throws {DispatcherError} if the call cannot be made. */
export function openWatch(connection: Connection, { topic = "", signal }: WatchOptions): OpenWatch {
  if (signal?.aborted) throw cancelled("the watch was aborted", signal.reason);
  const inbox = new Inbox<WatchEvent>();
  const ended = createDeferred<void>();
  let isPaused = false;
  const call: StreamCall = connection.openServerStream(
    IntrospectionServiceService.watch.path,
    WatchRequest.encode({ topic }).finish(),
    {},
    {
      onMessage(message) {
        for (const event of WatchResponse.decode(message).events) {
          const known = eventOf(event);
          if (known !== undefined) inbox.push(known);
        }
        if (isPaused || inbox.size < PAUSE_THRESHOLD) return;
        isPaused = true;
        call.pause();
      },
      onEnd(error) {
        signal?.removeEventListener("abort", onAbort);
        inbox.end(error ?? endedByServer());
        ended.resolve();
      },
    },
  );
  signal?.addEventListener("abort", onAbort, { once: true });

  function onAbort(): void {
    abort(cancelled("the watch was aborted", signal?.reason));
  }

  function abort(error: DispatcherError): void {
    inbox.clear();
    call.abort(error);
  }

  function resumeIfDrained(): void {
    if (!isPaused || inbox.size > PAUSE_THRESHOLD / 2) return;
    isPaused = false;
    call.resume();
  }

  return {
    ended: ended.promise,
    abort,
    async next() {
      const next = await inbox.next();
      resumeIfDrained();
      return next;
    },
    async return() {
      inbox.clear();
      inbox.end();
      call.abort(cancelled("the loop over the watch was left"));
      return { done: true, value: undefined };
    },
  };
}

/** Converts an event; undefined if this version of the library does not know its type. */
function eventOf({ time: timestamp, event, principal }: WatchMessage): WatchEvent | undefined {
  const time = dateFromTimestamp(timestamp);
  switch (event?.$case) {
    case "producerChanged":
      return { type: event.$case, time, producer: producerInfoOf(event.value) };
    case "producerLeft":
      return { type: event.$case, time, producerId: event.value, principal };
    case "listenerChanged":
      return { type: event.$case, time, listener: listenerInfoOf(event.value) };
    case "listenerLeft":
      return { type: event.$case, time, listenerId: event.value, principal };
    case "requestAccepted":
      return { type: event.$case, time, requester: principal, acceptance: acceptanceOf(event.value) };
    case "requestEnded":
      return { type: event.$case, time, summary: summaryOf(event.value) };
    case "server":
      return { type: event.$case, time, server: serverInfoOf(event.value) };
    case "lostCount":
      return { type: "lost", time, lostCount: Number(event.value) };
    case undefined:
      return undefined;
  }
}
