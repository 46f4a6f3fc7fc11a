import {
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerOptions,
  status,
} from "@grpc/grpc-js";
import { Inbox } from "../src/async/inbox.js";
import type {
  CancelRequestRequest,
  CancelRequestResponse,
  DispatcherServiceServer,
  DispatchRequest,
  DispatchResponse,
  GatherRequest,
  GatherResponse,
  ProduceRequest,
  ProduceResponse,
  SubmitRequest,
  SubmitResponse,
  SubscribeRequest,
  SubscribeResponse,
  UpdateListenerRequest,
  UpdateListenerResponse,
} from "../src/gen/ate/dispatcher/v1/dispatcher_service.js";
import { DispatcherServiceService } from "../src/gen/ate/dispatcher/v1/dispatcher_service.js";
import { FakeCall } from "./fake-call.js";

type Unary<Request, Response> = (
  request: Request,
  call: { readonly metadata: Map<string, unknown> },
) => Response;

/** A dispatcher without behaviour of its own: tests accept its calls one by one and send the responses. */
export class FakeDispatcher {
  readonly #server: Server;
  readonly #produce = new Inbox<FakeCall<ProduceRequest, ProduceResponse>>();
  readonly #subscribe = new Inbox<FakeCall<SubscribeRequest, SubscribeResponse>>();
  readonly #submit = new Inbox<FakeCall<SubmitRequest, SubmitResponse>>();
  readonly #gather = new Inbox<FakeCall<GatherRequest, GatherResponse>>();
  /** Handlers of the unary calls; a call without one fails with UNIMPLEMENTED. */
  onDispatch?: Unary<DispatchRequest, DispatchResponse>;
  onCancelRequest?: Unary<CancelRequestRequest, CancelRequestResponse>;
  onUpdateListener?: Unary<UpdateListenerRequest, UpdateListenerResponse>;
  #port = 0;

  private constructor(options: ServerOptions) {
    this.#server = new Server(options);
  }

  /** Starts a dispatcher on a free port, or on the given one. */
  static async start(port = 0, options: ServerOptions = {}): Promise<FakeDispatcher> {
    const fake = new FakeDispatcher(options);
    const implementation: DispatcherServiceServer = {
      dispatch: unary(() => fake.onDispatch),
      cancelRequest: unary(() => fake.onCancelRequest),
      updateListener: unary(() => fake.onUpdateListener),
      gather: (call) => fake.#gather.push(new FakeCall(call)),
      submit: (call) => fake.#submit.push(new FakeCall(call)),
      produce: (call) => fake.#produce.push(new FakeCall(call)),
      subscribe: (call) => fake.#subscribe.push(new FakeCall(call)),
      listen: (call) => void call.emit("error", { code: status.UNIMPLEMENTED, details: "not in this fake" }),
    };
    fake.#server.addService(RAW_SERVICE, implementation);
    fake.#port = await new Promise<number>((resolve, reject) => {
      fake.#server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return fake;
  }

  /** The address that clients connect to. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** The port that it listens on. */
  get port(): number {
    return this.#port;
  }

  /** Waits for the next Produce call; the other methods do the same for their calls. */
  async nextProduce(): Promise<FakeCall<ProduceRequest, ProduceResponse>> {
    return await taken(this.#produce);
  }

  async nextSubscribe(): Promise<FakeCall<SubscribeRequest, SubscribeResponse>> {
    return await taken(this.#subscribe);
  }

  async nextSubmit(): Promise<FakeCall<SubmitRequest, SubmitResponse>> {
    return await taken(this.#submit);
  }

  async nextGather(): Promise<FakeCall<GatherRequest, GatherResponse>> {
    return await taken(this.#gather);
  }

  /** Stops the server and cuts all connections. */
  stop(): void {
    this.#server.forceShutdown();
  }
}

/** The service definition, changed so that a Buffer is sent unencoded, which allows malformed messages. */
const RAW_SERVICE = Object.fromEntries(
  Object.entries(DispatcherServiceService as Record<string, MethodDefinition<unknown, unknown>>).map(
    ([name, method]) => [
      name,
      {
        ...method,
        responseSerialize: (value: unknown) =>
          Buffer.isBuffer(value) ? value : method.responseSerialize(value),
      },
    ],
  ),
);

async function taken<T>(inbox: Inbox<T>): Promise<T> {
  return (await inbox.next()).value as T;
}

function unary<Request, Response>(
  handler: () => Unary<Request, Response> | undefined,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const answer = handler();
    if (answer === undefined) return callback({ code: status.UNIMPLEMENTED, details: "not in this test" });
    try {
      const response = answer(call.request, { metadata: new Map(Object.entries(call.metadata.getMap())) });
      // A test that never answers returns a promise that stays pending.
      if (!(response instanceof Promise)) callback(null, response);
    } catch (error) {
      callback(error as Error);
    }
  };
}
