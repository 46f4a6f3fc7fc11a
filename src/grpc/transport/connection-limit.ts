/**
 * Bounds the connections by the limit of open files. At that limit the system gives no connection to Node, and Node says
 * nothing: peers would be cut without a word on either side. So the server refuses connections a little earlier, and logs
 * it.
 */
import { on } from "node:events";
import type { Server as NetServer } from "node:net";
import type { Clock } from "../../ports/clock.js";
import type { Logger } from "../../ports/logger.js";

/** Minimum time between two lines of the log, in milliseconds. */
const QUIET_MS = 10_000;

/** The connections that fit into the limit of open files. */
export interface ConnectionLimit {
  readonly maxConnections: number;
  readonly openFileLimit: number;
  /** How to raise the limit, for the log. */
  readonly remedy: string;
}

/** Logs connections that are refused, in few lines. */
export class RefusedConnections {
  private refusedCount = 0;
  private quietUntil = Number.NEGATIVE_INFINITY;

  /** @param limit - undefined if there is none. */
  constructor(
    private readonly limit: ConnectionLimit | undefined,
    private readonly logger: Logger,
    private readonly clock: Clock,
  ) {}

  /** A connection was refused. @param peer - says whose, and why. */
  refused(peer: Readonly<Record<string, unknown>> = {}): void {
    this.refusedCount++;
    const now = this.clock.now();
    if (now < this.quietUntil) return;
    this.quietUntil = now + QUIET_MS;
    const { refusedCount } = this;
    this.refusedCount = 0;
    this.logger.warn({ refusedCount, ...this.limit, ...peer }, "connections are refused");
  }
}

/**
 * Limits the connections of servers; each has the same share.
 *
 * @param limit - undefined for no limit.
 */
export function limitConnections(
  servers: readonly NetServer[],
  limit: ConnectionLimit | undefined,
  refusals: RefusedConnections,
): void {
  if (!limit) return;
  for (const server of servers) {
    server.maxConnections = Math.max(1, Math.floor(limit.maxConnections / servers.length));
    void countDropped(server, refusals);
  }
}

async function countDropped(server: NetServer, refusals: RefusedConnections): Promise<void> {
  for await (const _ of on(server, "drop")) refusals.refused();
}
