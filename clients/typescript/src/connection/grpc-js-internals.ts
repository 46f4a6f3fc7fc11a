/**
 * The only file of this library that uses internals of grpc-js: private fields that lead from a channel to its HTTP/2
 * sessions. They are looked up with checks. If one is missing, the caller gets undefined and works without it.
 */
import type { ClientHttp2Session } from "node:http2";
import type { Client } from "@grpc/grpc-js";

/** The fields from a channel to its sessions, as in grpc-js 1.14.7. */
interface ChannelInsides {
  readonly internalChannel?: {
    readonly subchannelPool?: { readonly pool?: Readonly<Record<string, readonly PooledSubchannel[]>> };
  };
}

interface PooledSubchannel {
  readonly subchannel?: { readonly transport?: { readonly session?: ClientHttp2Session } | null };
}

/**
 * Returns how many streams the peer admits at a time on the present connection of a channel with a pool of its own.
 *
 * A channel becomes READY after it has received the peer's settings, so the number is exact from then on, also if the
 * peer changes it. There is no public API for it: a stream beyond the limit silently waits in node:http2.
 *
 * @returns undefined if there is no connection, or if a field is missing.
 */
export function peerStreamLimit(client: Client): number | undefined {
  const { internalChannel } = client.getChannel() as unknown as ChannelInsides;
  const pool = internalChannel?.subchannelPool?.pool;
  if (typeof pool !== "object" || pool === null) return undefined;
  let limit: number | undefined;
  for (const subchannels of Object.values(pool)) {
    if (!Array.isArray(subchannels)) return undefined;
    for (const { subchannel } of subchannels as readonly PooledSubchannel[]) {
      const admitted = subchannel?.transport?.session?.remoteSettings?.maxConcurrentStreams;
      if (typeof admitted === "number") limit = Math.min(limit ?? admitted, admitted);
    }
  }
  return limit;
}
