/**
 * Lets the streams of a connection that reaches its maximum age finish their work. grpc-js closes the connection for new
 * streams, and destroys it after the grace. This tells the sessions on it, and gives those that are left at the end of the
 * grace a status. See docs/adr/0015.
 */
import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Instant, SessionKey } from "../../core/vocabulary/model.js";
import { connectionAge } from "../../core/vocabulary/reason.js";
import type { Clock } from "../../ports/clock.js";
import type { Runtime } from "../../ports/runtime.js";
import type { Sink } from "../../ports/sink.js";
import type { Watchdog } from "../../ports/watchdog.js";
import type { GrpcJsInternals } from "./grpc-js-internals.js";

/** Services that aging connections need. */
export interface ConnectionServices {
  readonly runtime: Pick<Runtime, "submit">;
  readonly clock: Clock;
  readonly internals: GrpcJsInternals;
  /** The grace after the maximum age. */
  readonly aging: Watchdog;
  /** Destroys a socket whose peer does not close its side. */
  readonly closing: Watchdog;
}

/** A session on a connection. */
export interface Membership {
  /**
   * Tells the session again that its connection has reached the maximum age; does nothing before. A session may open on an
   * old connection, because its first message arrives some turns after its stream.
   */
  retell(): void;
  /** Removes the session. */
  leave(): void;
}

/** The long streams of one connection. */
class Connection {
  readonly sessions = new Set<SessionKey>();
  readonly watchers = new Set<Sink>();
  /** When the grace ends; undefined before the maximum age. */
  endsAt: Instant | undefined;
  /** Cancels the timeout of the grace, or the one after it. */
  stop = (): void => undefined;
}

/** The connections of a server that have a maximum age. */
export class Connections {
  readonly #services: ConnectionServices;
  readonly #graceMs: number;
  readonly #open = new WeakMap<ServerHttp2Session, Connection>();

  /** @param graceMs - the time that streams get after the maximum age, in milliseconds; the length of `aging`. */
  constructor(services: ConnectionServices, graceMs: number) {
    this.#services = services;
    this.#graceMs = graceMs;
  }

  /** Follows the age of a new connection. */
  open(transport: ServerHttp2Session, socket: Socket): void {
    const connection = new Connection();
    this.#open.set(transport, connection);
    this.#services.internals.onMaxAge(transport, () => this.#age(connection, socket));
  }

  /** A connection has closed. */
  close(transport: ServerHttp2Session): void {
    this.#open.get(transport)?.stop();
    this.#open.delete(transport);
  }

  /** Adds the session of a call. @returns undefined if the connection is not known. */
  join(call: object, session: SessionKey): Membership | undefined {
    const connection = this.#of(call);
    if (!connection) return undefined;
    connection.sessions.add(session);
    const retell = (): void => {
      if (connection.endsAt === undefined || !connection.sessions.has(session)) return;
      const graceMs = Math.max(0, connection.endsAt - this.#services.clock.now());
      this.#services.runtime.submit({ kind: "sessionAging", session, graceMs });
    };
    // The session of a call opens after this, but still in this turn.
    if (connection.endsAt !== undefined) setImmediate(retell);
    return { retell, leave: () => connection.sessions.delete(session) };
  }

  /** Adds a stream that is no session of the core; it ends at the maximum age. @returns a function that removes it. */
  joinWatcher(call: object, sink: Sink): () => void {
    const connection = this.#of(call);
    connection?.watchers.add(sink);
    return () => connection?.watchers.delete(sink);
  }

  #of(call: object): Connection | undefined {
    const transport = this.#services.internals.http2StreamOf(call)?.session;
    return transport && this.#open.get(transport as ServerHttp2Session);
  }

  #age(connection: Connection, socket: Socket): void {
    const { runtime, clock, aging, closing } = this.#services;
    const graceMs = this.#graceMs;
    connection.endsAt = clock.now() + graceMs;
    for (const session of [...connection.sessions])
      runtime.submit({ kind: "sessionAging", session, graceMs });
    for (const watcher of [...connection.watchers]) watcher.end(connectionAge());
    connection.stop = aging.watch(() => {
      for (const session of [...connection.sessions]) {
        runtime.submit({ kind: "sessionEnded", session, refusal: connectionAge() });
      }
      connection.stop = closing.watch(() => socket.destroy());
    });
  }
}
