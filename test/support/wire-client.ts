/**
 * A peer of the dispatcher built from the generated messages and grpc-js alone, so that a test exercises the server and
 * not a client library. Every call also accepts raw bytes.
 */
import {
  Client,
  type ClientDuplexStream,
  credentials,
  type Deadline,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import {
  type Acceptance,
  CancelRequestRequest,
  CancelRequestResponse,
  type DispatcherMessage,
  DispatchRequest,
  DispatchResponse,
  type GatherEvent,
  GatherRequest,
  GatherResponse,
  GetServerInfoResponse,
  type ListenerEvent,
  type ListenerInfo,
  ListenRequest,
  ListenResponse,
  ListListenersResponse,
  ListProducersResponse,
  ListTopicsResponse,
  ProduceRequest,
  ProduceResponse,
  type ProducerInfo,
  type ServerCounts,
  type ServerInfo,
  type ServerTotals,
  SubmitRequest,
  SubmitResponse,
  SubscribeRequest,
  SubscribeResponse,
  type Summary,
  type TopicInfo,
  UpdateListenerRequest,
  UpdateListenerResponse,
  type WatchEvent,
  WatchRequest,
  WatchResponse,
  type Welcome,
} from "ate-dispatcher-client/internal";
import { onTestFinished } from "vitest";
import { RefusedError, readEnd } from "./wire-status.js";
import { type Tagged, WireStream } from "./wire-stream.js";

const SERVICE = "/ate.dispatcher.v1.DispatcherService/";
const INTROSPECTION = "/ate.dispatcher.v1.IntrospectionService/";

/** A generated message in which fields with default values may be left out. */
export type Partly<T extends { fromPartial(object: never): unknown }> = Parameters<T["fromPartial"]>[0];
/** A Request with optional fields. */
export type RequestInit = NonNullable<Partly<typeof DispatchRequest>["request"]>;
/** A Hello with optional fields. */
export type HelloInit = NonNullable<Extract<ProducerInit, { readonly $case: "hello" }>["value"]>;
/** A message from a producer. */
export type ProducerInit = NonNullable<
  NonNullable<NonNullable<Partly<typeof ProduceRequest>["messages"]>[number]>["message"]
>;
/** A Result with optional fields. */
export type ResultInit = NonNullable<
  NonNullable<Extract<ProducerInit, { readonly $case: "reply" }>["value"]>["result"]
>;
/** An event for a caller. */
export type GatherCase = NonNullable<GatherEvent["event"]>;
/** An event for a listener. */
export type ListenerCase = NonNullable<ListenerEvent["event"]>;
/** An event for a watcher. */
export type WatchCase = NonNullable<WatchEvent["event"]>;
/** A message to a producer. */
export type ProducerCase = NonNullable<DispatcherMessage["message"]>;

/** Deadline and metadata of a call. */
export interface CallInit {
  readonly deadline?: Deadline;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Milliseconds of a Duration. */
export function millis(duration: { readonly seconds: bigint; readonly nanos: number } | undefined): number {
  if (!duration) throw new Error("there is no duration");
  return Number(duration.seconds) * 1_000 + duration.nanos / 1_000_000;
}

/** A Duration of milliseconds. */
export function duration(ms: number): { readonly seconds: bigint; readonly nanos: number } {
  return { seconds: BigInt(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 };
}

/**
 * Connects to a server until the test is over. Every client has its own connection.
 *
 * @param metadata - of every call.
 */
export function connect(address: string, metadata: CallInit["metadata"] = {}): WireClient {
  const client = new WireClient(address, metadata);
  onTestFinished(() => client.close());
  return client;
}

/** One connection. */
export class WireClient {
  private readonly channel: Client;
  private readonly open = new Set<{ cancel(): void }>();

  constructor(
    readonly address: string,
    private readonly metadata: CallInit["metadata"] = {},
  ) {
    const options = { "grpc.use_local_subchannel_pool": 1, "grpc.max_receive_message_length": -1 };
    this.channel = new Client(address, credentials.createInsecure(), options);
  }

  /** Resets every open stream and closes the connection. */
  close(): void {
    for (const stream of this.open) stream.cancel();
    this.channel.close();
  }

  /** Dispatch. @returns the acceptance. */
  async dispatch(
    request: RequestInit,
    init: CallInit & { readonly validateOnly?: boolean } = {},
  ): Promise<Acceptance> {
    const message = DispatchRequest.fromPartial({ request, validateOnly: init.validateOnly ?? false });
    return this.dispatchBytes(DispatchRequest.encode(message).finish(), init);
  }

  /** Dispatch with an encoded DispatchRequest. */
  async dispatchBytes(message: Uint8Array, init: CallInit = {}): Promise<Acceptance> {
    const { acceptance } = DispatchResponse.decode(await this.unary("Dispatch", message, init));
    if (!acceptance) throw new Error("the DispatchResponse has no acceptance");
    return acceptance;
  }

  /** CancelRequest. @returns the summary. */
  async cancelRequest(requestId: string, principal = ""): Promise<Summary> {
    const message = CancelRequestRequest.encode({ requestId, principal }).finish();
    const { summary } = CancelRequestResponse.decode(await this.unary("CancelRequest", message));
    if (!summary) throw new Error("the CancelRequestResponse has no summary");
    return summary;
  }

  /** UpdateListener. @returns the topics of the listener. */
  async updateListener(change: Partly<typeof UpdateListenerRequest>): Promise<readonly string[]> {
    const message = UpdateListenerRequest.encode(UpdateListenerRequest.fromPartial(change)).finish();
    return UpdateListenerResponse.decode(await this.unary("UpdateListener", message)).topics;
  }

  /** Gather. */
  gather(request: RequestInit, init: CallInit & { readonly excludeListeners?: boolean } = {}): GatherStream {
    const { excludeListeners = false } = init;
    const message = GatherRequest.fromPartial({ request, excludeListeners });
    return this.gatherBytes(GatherRequest.encode(message).finish(), init);
  }

  /** Gather with an encoded GatherRequest. */
  gatherBytes(message: Uint8Array, init: CallInit = {}): GatherStream {
    const call = this.serverStream("Gather", message, init);
    return new WireStream<GatherCase>(call, (bytes) => GatherResponse.decode(bytes).events.map(eventOf));
  }

  /** Listen. */
  listen(listen: Partly<typeof ListenRequest>, init: CallInit = {}): ListenStream {
    return this.listenBytes(ListenRequest.encode(ListenRequest.fromPartial(listen)).finish(), init);
  }

  /** Listen with an encoded ListenRequest. */
  listenBytes(message: Uint8Array, init: CallInit = {}): ListenStream {
    const call = this.serverStream("Listen", message, init);
    return new WireStream<ListenerCase>(call, (bytes) => ListenResponse.decode(bytes).events.map(eventOf));
  }

  /** Listen. Resolves when Ready has been received. */
  async listener(listen: Partly<typeof ListenRequest>): Promise<ListenStream> {
    const stream = this.listen(listen);
    await stream.next("ready");
    return stream;
  }

  /** Subscribe. */
  subscribe(init: CallInit = {}): SubscribeStream {
    return new SubscribeStream(this.bidiStream("Subscribe", init));
  }

  /** Produce. */
  produce(init: CallInit = {}): ProduceStream {
    return new ProduceStream(this.bidiStream("Produce", init));
  }

  /** Produce, registered under an id on topics. Resolves when Welcome has been received. */
  async producer(
    producerId: string,
    topics: readonly string[] = [],
    hello: HelloInit = {},
  ): Promise<ProduceStream> {
    const stream = this.produce();
    await stream.hello({ producerId, registrations: topics.map((topic) => ({ topic })), ...hello });
    return stream;
  }

  /** Submit. */
  submit(init: CallInit = {}): SubmitStream {
    return new SubmitStream(this.bidiStream("Submit", init));
  }

  /** Watch, of all topics. */
  watch(init: CallInit = {}): WatchStream {
    const call = this.serverStream(
      `${INTROSPECTION}Watch`,
      WatchRequest.encode({ topic: "" }).finish(),
      init,
    );
    return new WireStream<WatchCase>(call, (bytes) => WatchResponse.decode(bytes).events.map(eventOf));
  }

  /** The server's info, with its counts and totals. */
  async serverInfo(): Promise<ServerInfo & { readonly counts: ServerCounts; readonly totals: ServerTotals }> {
    const bytes = await this.unary(`${INTROSPECTION}GetServerInfo`, Buffer.alloc(0));
    const { server } = GetServerInfoResponse.decode(bytes);
    if (!server?.counts || !server.totals) throw new Error("the ServerInfo has no counts or totals");
    return { ...server, counts: server.counts, totals: server.totals };
  }

  /** The connected producers. */
  async producers(): Promise<readonly ProducerInfo[]> {
    const bytes = await this.unary(`${INTROSPECTION}ListProducers`, Buffer.alloc(0));
    return ListProducersResponse.decode(bytes).producers;
  }

  /** The connected listeners. */
  async listeners(): Promise<readonly ListenerInfo[]> {
    const bytes = await this.unary(`${INTROSPECTION}ListListeners`, Buffer.alloc(0));
    return ListListenersResponse.decode(bytes).listeners;
  }

  /** The topics with state: the first page. */
  async topics(): Promise<readonly TopicInfo[]> {
    const bytes = await this.unary(`${INTROSPECTION}ListTopics`, Buffer.alloc(0));
    return ListTopicsResponse.decode(bytes).topics;
  }

  /** Makes any unary call of the service, in bytes. */
  unary(method: string, message: Uint8Array, init: CallInit = {}): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.channel.makeUnaryRequest(
        path(method),
        verbatim,
        verbatim,
        Buffer.from(message),
        this.metadataOf(init),
        optionsOf(init),
        (error: ServiceError | null, response?: Buffer) => {
          if (response) resolve(response);
          else if (error) reject(new RefusedError(readEnd(error)));
        },
      );
    });
  }

  private serverStream(method: string, message: Uint8Array, init: CallInit) {
    const request = Buffer.from(message);
    const options = optionsOf(init);
    return this.track(
      this.channel.makeServerStreamRequest(
        path(method),
        verbatim,
        verbatim,
        request,
        this.metadataOf(init),
        options,
      ),
    );
  }

  private bidiStream(method: string, init: CallInit): ClientDuplexStream<Buffer, Buffer> {
    return this.track(
      this.channel.makeBidiStreamRequest(
        path(method),
        verbatim,
        verbatim,
        this.metadataOf(init),
        optionsOf(init),
      ),
    );
  }

  private metadataOf({ metadata = {} }: CallInit): Metadata {
    const result = new Metadata();
    for (const [key, value] of Object.entries({ ...this.metadata, ...metadata })) result.set(key, value);
    return result;
  }

  private track<T extends { cancel(): void; on(event: "status", then: () => void): unknown }>(call: T): T {
    this.open.add(call);
    call.on("status", () => this.open.delete(call));
    return call;
  }
}

/** An open Gather. */
export type GatherStream = WireStream<GatherCase>;
/** An open Listen. */
export type ListenStream = WireStream<ListenerCase>;
/** An open Watch. */
export type WatchStream = WireStream<WatchCase>;

/** A bidirectional stream. */
class DuplexStream<E extends Tagged> extends WireStream<E, ClientDuplexStream<Buffer, Buffer>> {
  /** Sends one encoded message. */
  sendBytes(message: Uint8Array): void {
    this.call.write(Buffer.from(message));
  }

  /** Half-closes. */
  halfClose(): void {
    this.call.end();
  }
}

/** An open Produce. */
export class ProduceStream extends DuplexStream<ProducerCase> {
  constructor(call: ClientDuplexStream<Buffer, Buffer>) {
    super(call, (bytes) => ProduceResponse.decode(bytes).messages.map(({ message }) => message));
  }

  /** Sends messages, all in one batch. */
  send(...messages: readonly ProducerInit[]): void {
    const batch = ProduceRequest.fromPartial({ messages: messages.map((message) => ({ message })) });
    this.sendBytes(ProduceRequest.encode(batch).finish());
  }

  /** Sends Hello and waits for Welcome. */
  hello(value: HelloInit = {}): Promise<Welcome> {
    this.send({ $case: "hello", value });
    return this.next("welcome");
  }

  /** Replies to an assignment. */
  reply(
    { assignmentId }: { readonly assignmentId: string },
    outcome: ResultInit["outcome"],
    more = false,
  ): void {
    this.send({ $case: "reply", value: { assignmentId, more, result: { outcome } } });
  }

  /** Replies to an assignment with a JSON value. */
  answer(assignment: { readonly assignmentId: string }, value: unknown, more = false): void {
    this.reply(assignment, { $case: "value", value }, more);
  }
}

/** An open Subscribe. */
export class SubscribeStream extends DuplexStream<ListenerCase> {
  constructor(call: ClientDuplexStream<Buffer, Buffer>) {
    super(call, (bytes) => SubscribeResponse.decode(bytes).events.map(eventOf));
  }

  /** Sends one message. */
  send(message: NonNullable<Partly<typeof SubscribeRequest>["message"]>): void {
    this.sendBytes(SubscribeRequest.encode(SubscribeRequest.fromPartial({ message })).finish());
  }
}

/** An open Submit. */
export class SubmitStream extends DuplexStream<GatherCase> {
  constructor(call: ClientDuplexStream<Buffer, Buffer>) {
    super(call, (bytes) => SubmitResponse.decode(bytes).events.map(eventOf));
  }

  /** Submits requests, all in one batch. */
  submit(...submissions: NonNullable<Partly<typeof SubmitRequest>["submissions"]>): void {
    this.send({ submissions });
  }

  /** Sends one message. */
  send(message: Partly<typeof SubmitRequest>): void {
    this.sendBytes(SubmitRequest.encode(SubmitRequest.fromPartial(message)).finish());
  }
}

function path(method: string): string {
  return method.startsWith("/") ? method : SERVICE + method;
}

function verbatim(bytes: Buffer): Buffer {
  return bytes;
}

function eventOf<E>({ event }: { readonly event: E | undefined }): E | undefined {
  return event;
}

function optionsOf({ deadline }: CallInit): { readonly deadline?: Deadline } {
  return deadline === undefined ? {} : { deadline };
}
