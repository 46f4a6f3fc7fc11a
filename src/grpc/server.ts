/**
 * The gRPC server: services, limits, start and shutdown.
 */
import {
  type ChannelOptions,
  Server,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { DispatcherServiceService, IntrospectionServiceService } from "ate-dispatcher-client/internal";
import type { Caller } from "../core/vocabulary/principal.js";
import { type Refusal, refusal } from "../core/vocabulary/reason.js";
import type { Ticker } from "../ports/ticker.js";
import type { Watchdog } from "../ports/watchdog.js";
import { bind, type Target } from "./bind.js";
import { addHealth, type Health } from "./health.js";
import type { EdgeOptions } from "./options.js";
import { addReflection } from "./reflection.js";
import { cancelRequest } from "./rpc/cancel-request.js";
import { dispatch } from "./rpc/dispatch.js";
import type { Edge } from "./rpc/edge.js";
import { gather } from "./rpc/gather.js";
import { introspection } from "./rpc/introspection.js";
import { listen } from "./rpc/listen.js";
import { produce } from "./rpc/produce.js";
import { submit } from "./rpc/submit.js";
import { subscribe } from "./rpc/subscribe.js";
import { updateListener } from "./rpc/update-listener.js";
import { watch } from "./rpc/watch.js";
import { Watchers } from "./rpc/watchers.js";
import { Authentication, type AuthenticationServices } from "./transport/authentication.js";
import { BoundServers } from "./transport/bound-servers.js";
import type { BidiCall, UnaryCall } from "./transport/call.js";
import { CallHeaders } from "./transport/call-headers.js";
import { type ConnectionLimit, limitConnections, RefusedConnections } from "./transport/connection-limit.js";
import { Connections } from "./transport/connections.js";
import { firstMessageInterceptor } from "./transport/first-message.js";
import { createGrpcJsInternals, type Http2Limits } from "./transport/grpc-js-internals.js";
import { OtherStreams } from "./transport/other-streams.js";
import { partialLimits } from "./transport/partial-messages.js";
import { CONNECTION_NUISANCE } from "./transport/peer-connection.js";
import { PeerConnections } from "./transport/peer-connections.js";
import { PeerLog } from "./transport/peer-log.js";
import { logRefusal } from "./transport/refusal-log.js";
import { trustedProxies } from "./transport/trusted-proxies.js";
import { unreadRefusal } from "./transport/unread-answers.js";
import type { ProcessFacts } from "./wire/encode-view.js";

const SERVICES = ["ate.dispatcher.v1.DispatcherService", "ate.dispatcher.v1.IntrospectionService"];
/**
 * By default, Node closes a connection with all its streams after more than 33 stream resets a second. Clients behind one
 * proxy share a connection and reach that rate by cancelling calls; see docs/adr/0008. The server has a limit of its own,
 * and Node's is above it. The limit of rejected streams also counts streams that are reset but not yet freed. Clients that
 * give up while they wait for a free stream therefore reach its default of 100 at once.
 */
const HTTP2_LIMITS: Http2Limits = {
  streamResetBurst: 2 * CONNECTION_NUISANCE.burst,
  streamResetRate: 2 * CONNECTION_NUISANCE.perSecond,
  maxSessionRejectedStreams: 1_000_000,
};

/** Connections that fit into the memory of a usual process; about 23 KB each. The limit of open files may be lower. */
const MAX_CONNECTIONS = 50_000;

/** Time to send the last statuses after the grace of a connection, before grpc-js destroys it, in milliseconds. */
const LAST_STATUS_MS = 1_000;

type ServerStreamCall = ServerWritableStream<Buffer, Uint8Array>;
type Answer = sendUnaryData<Uint8Array>;

/** The timers of a server. */
export interface ServerTimers {
  /** The grace of a connection after its maximum age. */
  readonly aging: Watchdog;
  /** The period of the state that watchers are sent. */
  readonly ticker: Ticker;
}

/** Who may call, and what they may do. */
export type IdentityServices = Pick<AuthenticationServices, "authenticator" | "rightsOf" | "audit">;

/** Where the server can be reached, and by whom. */
export interface Access {
  /** The addresses to bind. */
  readonly targets: readonly Target[];
  /** Undefined for no limit. */
  readonly connectionLimit: ConnectionLimit | undefined;
  /** Undefined if everybody may call. */
  readonly identity: IdentityServices | undefined;
  /** Every caller if everybody may call. */
  readonly anybody: Caller;
}

/** The gRPC server of one dispatcher. */
export interface GrpcServer {
  /** Binds every address. @returns the bound addresses, as clients use them. Rejects if an address cannot be bound. */
  start(): Promise<readonly string[]>;
  /** Makes health checks report that new requests are rejected. */
  notReady(): void;
  /** Accepts no new connections and closes idle ones. Resolves when no connection is left. */
  finish(): Promise<void>;
  /** Closes all remaining connections at once, so that `finish` resolves. */
  force(): void;
}

/**
 * Creates the server. No address is bound before `start`.
 */
export function createGrpcServer(
  services: Omit<Edge, "internals" | "headers" | "connections" | "unreadRefusalOf" | "callerOf">,
  facts: ProcessFacts,
  { aging, ticker }: ServerTimers,
  { targets, connectionLimit, identity, anybody }: Access,
): GrpcServer {
  const { options } = services;
  const authentication = identity && new Authentication({ ...services, ...identity });
  const server = new Server({
    ...channelOptions(options),
    interceptors: [
      (method, call) => intercept(method, logRefusal(method.path, call, services.activity, internals)),
    ],
  });
  const internals = createGrpcJsInternals(server, services.logger);
  const headers = new CallHeaders(services.clock, new PeerLog(services.logger, services.clock));
  const refusals = new RefusedConnections(connectionLimit, services.logger, services.clock);
  const peers = new PeerConnections(
    {
      ...services,
      ledger: services.runtime.ledger,
      isProxy: trustedProxies(options.trustedProxies),
      refused: (peer, openCount) => refusals.refused({ peer, openCount }),
    },
    {
      maxConnections: Math.min(MAX_CONNECTIONS, connectionLimit?.maxConnections ?? MAX_CONNECTIONS),
      peerShare: options.peerShare,
    },
  );
  const intercept = firstMessageInterceptor({
    ...services,
    internals,
    headers,
    peers,
    authentication,
    otherStreams: new OtherStreams(services.runtime),
    partial: {
      limits: partialLimits(options),
      deadline: services.opening,
      useless: (connection) => peers.annoyed(connection),
    },
  });
  const connections =
    options.maxConnectionAgeMs > 0
      ? new Connections({ ...services, internals, aging }, options.maxConnectionAgeGraceMs)
      : undefined;
  const unreadRefusalOf = (call: object): Refusal | undefined => {
    const connection = peers.of(internals.http2StreamOf(call)?.session);
    return connection && unreadRefusal(connection);
  };
  const edge: Edge = {
    ...services,
    internals,
    headers,
    connections,
    unreadRefusalOf,
    callerOf: authentication ? (call) => authentication.callerOf(call) : () => anybody,
  };
  internals.setHttp2Limits(HTTP2_LIMITS);
  server.addService(withRawBytes(DispatcherServiceService), {
    dispatch: (call: UnaryCall, callback: Answer) => dispatch(edge, call, callback),
    gather: (call: ServerStreamCall) => gather(edge, call),
    submit: (call: BidiCall) => submit(edge, call),
    cancelRequest: (call: UnaryCall, callback: Answer) => cancelRequest(edge, call, callback),
    produce: (call: BidiCall) => produce(edge, call),
    listen: (call: ServerStreamCall) => listen(edge, call),
    updateListener: (call: UnaryCall, callback: Answer) => updateListener(edge, call, callback),
    subscribe: (call: BidiCall) => subscribe(edge, call),
  });
  const watchers = new Watchers(edge, facts, ticker);
  const boundServers = new BoundServers({
    internals,
    headers,
    peers,
    connections,
    runtime: services.runtime,
  });
  server.addService(withRawBytes(IntrospectionServiceService), {
    ...introspection(edge, facts),
    watch: (call: ServerStreamCall) => watch(edge, watchers, call),
  });
  let finished = (): void => undefined;
  const health: Health = addHealth(server, SERVICES);
  if (options.reflection) addReflection(server);
  return {
    start: () =>
      Promise.all(
        targets.map(async (target) => {
          const bound = await bind(server, target);
          boundServers.add(internals.boundServers());
          return bound;
        }),
      ).then((bound) => {
        limitConnections(internals.boundServers(), connectionLimit, refusals);
        return bound;
      }),
    notReady: () => health.notServing(),
    finish: () =>
      new Promise((resolve) => {
        finished = resolve;
        watchers.end(refusal("SHUTTING_DOWN", "the server has shut down"));
        server.tryShutdown(() => resolve());
      }),
    force: () => {
      server.forceShutdown();
      // An HTTP/2 session that is closing waits for its peer even after it is destroyed, so its socket is destroyed.
      boundServers.destroySockets();
      // grpc-js may still wait for a session that it no longer tracks. All sockets are closed, so this is the end.
      finished();
    },
  };
}

/** Makes the calls of a service carry raw bytes: each handler decodes and encodes its own messages. */
function withRawBytes(definition: ServiceDefinition): ServiceDefinition {
  const requestDeserialize = (message: Buffer): Buffer => message;
  const responseSerialize = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
    Buffer.from(buffer, byteOffset, byteLength);
  return Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [
      name,
      { ...method, requestDeserialize, responseSerialize },
    ]),
  );
}

function channelOptions(options: EdgeOptions): ChannelOptions {
  return {
    "grpc.max_receive_message_length": options.maxMessageBytes,
    // A sent message may exceed maxMessageBytes: it may be a batch, or a delivery that wraps a result of that size.
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": options.maxStreamsPerConnection,
    "grpc.keepalive_time_ms": options.keepaliveTimeMs,
    "grpc.keepalive_timeout_ms": options.keepaliveTimeoutMs,
    "grpc.max_connection_idle_ms": options.maxConnectionIdleMs,
    "grpc.enable_channelz": 0,
    ...(options.maxConnectionAgeMs > 0
      ? {
          "grpc.max_connection_age_ms": options.maxConnectionAgeMs,
          "grpc.max_connection_age_grace_ms": options.maxConnectionAgeGraceMs + LAST_STATUS_MS,
        }
      : {}),
  };
}
