import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import { afterEach, beforeEach } from "vitest";
import { Inbox } from "../src/async/inbox.js";
import type {
  GetRequestRequest,
  GetRequestResponse,
  GetServerInfoResponse,
  IntrospectionServiceServer,
  ListListenersResponse,
  ListProducersResponse,
  ListRequestsRequest,
  ListRequestsResponse,
  ListTopicsRequest,
  ListTopicsResponse,
  WatchRequest,
  WatchResponse,
} from "../src/gen/ate/dispatcher/v1/introspection_service.js";
import { IntrospectionServiceService } from "../src/gen/ate/dispatcher/v1/introspection_service.js";
import { createClient, type DispatcherClient } from "../src/index.js";
import { FakeCall } from "./fake-call.js";

/** The fields that every list request has. */
export type ListFields = Omit<ListTopicsRequest, "$type">;

/** An IntrospectionService with handlers that tests set; a call without one fails with UNIMPLEMENTED. */
export class FakeIntrospection {
  readonly #server = new Server();
  readonly #watches = new Inbox<FakeCall<WatchRequest, WatchResponse>>();
  onServerInfo?: () => GetServerInfoResponse;
  onTopics?: (asked: ListFields) => ListTopicsResponse;
  onProducers?: (asked: ListFields) => ListProducersResponse;
  onListeners?: (asked: ListFields) => ListListenersResponse;
  onRequests?: (asked: ListRequestsRequest) => ListRequestsResponse;
  onRequest?: (asked: GetRequestRequest) => GetRequestResponse;
  #port = 0;

  /** Starts a service on a free port. */
  static async start(): Promise<FakeIntrospection> {
    const fake = new FakeIntrospection();
    const implementation: IntrospectionServiceServer = {
      getServerInfo: answering(() => fake.onServerInfo),
      listTopics: answering(() => fake.onTopics),
      listProducers: answering(() => fake.onProducers),
      listListeners: answering(() => fake.onListeners),
      listRequests: answering(() => fake.onRequests),
      getRequest: answering(() => fake.onRequest),
      watch: (call) => fake.#watches.push(new FakeCall(call)),
    };
    fake.#server.addService(IntrospectionServiceService, implementation);
    fake.#port = await new Promise<number>((resolve, reject) => {
      fake.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return fake;
  }

  /** The address that clients connect to. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Waits for the next Watch call. @returns the call and its request. */
  async nextWatch(): Promise<{ call: FakeCall<WatchRequest, WatchResponse>; asked: WatchRequest }> {
    const call = (await this.#watches.next()).value as FakeCall<WatchRequest, WatchResponse>;
    return { call, asked: await call.next() };
  }

  /** Stops the server and cuts all connections. */
  stop(): void {
    this.#server.forceShutdown();
  }
}

/** Creates a service and its client for each test of the file, and closes them afterwards. */
export function useIntrospection(): { fake: FakeIntrospection; client: DispatcherClient } {
  const peers = {} as { fake: FakeIntrospection; client: DispatcherClient };
  beforeEach(async () => {
    peers.fake = await FakeIntrospection.start();
    peers.client = createClient({ address: peers.fake.address });
  });
  afterEach(async () => {
    peers.fake.stop();
    await peers.client.close({ graceMs: 0 });
  });
  return peers;
}

function answering<Request, Response>(handler: () => ((asked: Request) => Response) | undefined) {
  return (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => {
    const answer = handler();
    if (answer === undefined) return callback({ code: status.UNIMPLEMENTED, details: "not in this test" });
    callback(null, answer(call.request));
  };
}
