/**
 * The gRPC server: its services, its limits, its start and its end.
 */
import {
  type ChannelOptions,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceDefinition,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { DispatcherServiceService, IntrospectionServiceService } from "ate-dispatcher-client/internal";
import { refusal } from "../core/vocabulary/reason.js";
import type { Ticker } from "../ports/ticker.js";
import type { Watchdog } from "../ports/watchdog.js";
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
import { type Watchers, watch } from "./rpc/watch.js";
import { type BidiCall, type Sockets, type UnaryCall, watchSockets } from "./transport/call.js";
import { firstMessageInterceptor } from "./transport/first-message.js";
import { createGrpcJsInternals, type Http2Limits } from "./transport/grpc-js-internals.js";
import type { ProcessFacts } from "./wire/encode-view.js";

const SERVICES = ["ate.dispatcher.v1.DispatcherService", "ate.dispatcher.v1.IntrospectionService"];
/**
 * Node closes a connection, with all its streams, past 33 stream resets a second. Clients behind one proxy share a
 * connection and reach that by cancelling; see docs/adr/0008. The limit of rejected streams counts streams that were
 * reset but are not freed yet, so clients that give up while they wait at the limit reach the default of 100 at once.
 */
const HTTP2_LIMITS: Http2Limits = {
  streamResetBurst: 5_000,
  streamResetRate: 500,
  maxSessionRejectedStreams: 1_000_000,
};

type AskedCall = ServerWritableStream<Buffer, Uint8Array>;
type Answer = sendUnaryData<Uint8Array>;

/** A gRPC server at work. */
export interface GrpcServer {
  /** Binds every address. @returns what was bound, `host:port` each. Throws if one cannot be. */
  start(): Promise<readonly string[]>;
  /** Tells health checks that no new requests are taken. */
  notReady(): void;
  /** Takes no new connections and closes those without streams. Resolves when none is left. */
  finish(): Promise<void>;
  /** Cuts whatever is still open; `finish` resolves. */
  force(): void;
}

/** Makes the server; nothing is bound before `start`. */
export function createGrpcServer(
  parts: Omit<Edge, "internals">,
  facts: ProcessFacts,
  watchdog: Watchdog,
  ticker: Ticker,
): GrpcServer {
  const { options } = parts;
  const server = new Server({
    ...channelOptions(options),
    interceptors: [(method, call) => intercept(method, call)],
  });
  const internals = createGrpcJsInternals(server, parts.logger);
  const intercept = firstMessageInterceptor(watchdog, options, internals);
  const edge: Edge = { ...parts, internals };
  internals.setHttp2Limits(HTTP2_LIMITS);
  server.addService(verbatim(DispatcherServiceService), {
    dispatch: (call: UnaryCall, callback: Answer) => dispatch(edge, call, callback),
    gather: (call: AskedCall) => gather(edge, call),
    submit: (call: BidiCall) => submit(edge, call),
    cancelRequest: (call: UnaryCall, callback: Answer) => cancelRequest(edge, call, callback),
    produce: (call: BidiCall) => produce(edge, call),
    listen: (call: AskedCall) => listen(edge, call),
    updateListener: (call: UnaryCall, callback: Answer) => updateListener(edge, call, callback),
    subscribe: (call: BidiCall) => subscribe(edge, call),
  });
  const watchers: Watchers = new Set();
  const sockets: Sockets = new Map();
  server.addService(verbatim(IntrospectionServiceService), {
    ...introspection(edge, facts),
    watch: (call: AskedCall) => watch(edge, facts, ticker, watchers, call),
  });
  let finished = (): void => undefined;
  const health: Health = addHealth(server, SERVICES);
  if (options.reflection) addReflection(server);
  return {
    start: () =>
      Promise.all(
        options.listen.map(async (address) => {
          const bound = await bind(server, address);
          watchSockets(internals.boundServers(), sockets);
          return bound;
        }),
      ),
    notReady: () => health.notServing(),
    finish: () =>
      new Promise((resolve) => {
        finished = resolve;
        for (const watcher of watchers) watcher.end(refusal("SHUTTING_DOWN", "the server has shut down"));
        server.tryShutdown(() => resolve());
      }),
    force: () => {
      server.forceShutdown();
      // A session that was told to close waits for its peer even when it is destroyed.
      for (const open of sockets.values()) for (const socket of open) socket.destroy();
      // grpc-js may go on waiting for a session that it has lost sight of; nothing is open any more.
      finished();
    },
  };
}

/** Messages go in and out as bytes: what is read and written of them is decided by each handler. */
function verbatim(definition: ServiceDefinition): ServiceDefinition {
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
    // What is sent may be a batch, or a delivery with its envelope around a message of the largest size.
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": options.maxStreamsPerConnection,
    "grpc.keepalive_time_ms": options.keepaliveTimeMs,
    "grpc.keepalive_timeout_ms": options.keepaliveTimeoutMs,
    "grpc.max_connection_idle_ms": options.maxConnectionIdleMs,
    "grpc.enable_channelz": 0,
    ...(options.maxConnectionAgeMs > 0
      ? {
          "grpc.max_connection_age_ms": options.maxConnectionAgeMs,
          "grpc.max_connection_age_grace_ms": options.maxConnectionAgeGraceMs,
        }
      : {}),
  };
}

async function bind(server: Server, address: string): Promise<string> {
  const credentials = ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => {
      if (error) reject(new Error(`cannot listen on ${address}: ${error.message}; choose another address`));
      else resolve(bound);
    });
  });
  return `${address.slice(0, address.lastIndexOf(":"))}:${port}`;
}
