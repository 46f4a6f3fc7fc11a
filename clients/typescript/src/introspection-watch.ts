import { type Acceptance, acceptanceOf } from "./acceptance.js";
import type { Connection } from "./connection.js";
import { createDeferred } from "./deferred.js";
import { dateFromTimestamp } from "./duration.js";
import { cancelled, type DispatcherError, endedByServer } from "./errors.js";
import type { WatchEvent as WatchMessage } from "./gen/ate/dispatcher/v1/introspection.js";
import {
  IntrospectionServiceService,
  WatchRequest,
  WatchResponse,
} from "./gen/ate/dispatcher/v1/introspection_service.js";
import { Inbox } from "./inbox.js";
import type { ListenerInfo, ProducerInfo, ServerInfo } from "./introspection-info.js";
import { listenerInfoOf, producerInfoOf, serverInfoOf } from "./introspection-read.js";
import type { StreamCall } from "./stream-call.js";
import { type Summary, summaryOf } from "./summary.js";

/** One thing that happened in the dispatcher, and when, by its wall clock. */
export type WatchEvent =
  /** A producer connected, or its registrations changed. */
  | { readonly type: "producerChanged"; readonly time: Date; readonly producer: ProducerInfo }
  /** A producer's session ended. */
  | { readonly type: "producerLeft"; readonly time: Date; readonly producerId: string }
  /** A listener connected, or its topics changed. */
  | { readonly type: "listenerChanged"; readonly time: Date; readonly listener: ListenerInfo }
  /** A listener's session ended. */
  | { readonly type: "listenerLeft"; readonly time: Date; readonly listenerId: string }
  /** A request was accepted. */
  | { readonly type: "requestAccepted"; readonly time: Date; readonly acceptance: Acceptance }
  /** A request ended. */
  | { readonly type: "requestEnded"; readonly time: Date; readonly summary: Summary }
  /** How the server stands; at the beginning, and then once a second. */
  | { readonly type: "server"; readonly time: Date; readonly server: ServerInfo }
  /** This watcher was too slow for so many events, which stood here. */
  | { readonly type: "lost"; readonly time: Date; readonly lostCount: number };

/** What to watch. */
export interface WatchOptions {
  /** Only events about topics that this pattern covers; `server` and `lost` come anyway. Default: everything. */
  readonly topic?: string;
  /** Ends the watch when it fires; the loop then throws CANCELLED. */
  readonly signal?: AbortSignal;
}

/** A watch that is open. */
export interface OpenWatch extends AsyncIterator<WatchEvent, undefined> {
  /** Resolves once its call is over. */
  readonly ended: Promise<void>;
  /** Ends it: what was not taken is dropped, and the loop throws the error. */
  abort(error: DispatcherError): void;
}

/** The stream is paused when this many events wait, so that the server counts the rest as lost. */
const PAUSE_AT = 1024;

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
          const read = eventOf(event);
          if (read !== undefined) inbox.push(read);
        }
        if (isPaused || inbox.size < PAUSE_AT) return;
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

  function relieve(): void {
    if (!isPaused || inbox.size > PAUSE_AT / 2) return;
    isPaused = false;
    call.resume();
  }

  return {
    ended: ended.promise,
    abort,
    async next() {
      const next = await inbox.next();
      relieve();
      return next;
    },
    async return() {
      inbox.clear();
      inbox.end();
      call.abort(cancelled("the watch was left"));
      return { done: true, value: undefined };
    },
  };
}

/** Reads an event; undefined if it is newer than this library. */
function eventOf({ time: timestamp, event }: WatchMessage): WatchEvent | undefined {
  const time = dateFromTimestamp(timestamp);
  switch (event?.$case) {
    case "producerChanged":
      return { type: event.$case, time, producer: producerInfoOf(event.value) };
    case "producerLeft":
      return { type: event.$case, time, producerId: event.value };
    case "listenerChanged":
      return { type: event.$case, time, listener: listenerInfoOf(event.value) };
    case "listenerLeft":
      return { type: event.$case, time, listenerId: event.value };
    case "requestAccepted":
      return { type: event.$case, time, acceptance: acceptanceOf(event.value) };
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
