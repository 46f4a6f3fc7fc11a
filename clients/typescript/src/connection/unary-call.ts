import type { Client, ClientUnaryCall, ServiceError } from "@grpc/grpc-js";
import { createDeferred } from "../async/deferred.js";
import { DispatcherError } from "../errors.js";
import type { Link, LinkCall } from "./link.js";
import type { WaitingCall } from "./link-pool.js";

/** Makes the call on a channel. */
export type MakeUnaryCall<T> = (
  client: Client,
  settle: (error: ServiceError | null, value?: T) => void,
) => ClientUnaryCall;

/** One unary call. It may have to wait for a connection that admits it. */
export class UnaryCall<T> implements LinkCall, WaitingCall {
  readonly #makeCall: MakeUnaryCall<T>;
  readonly #result = createDeferred<T>();
  #link: Link | undefined;
  #call: ClientUnaryCall | undefined;
  #hasEnded = false;

  constructor(makeCall: MakeUnaryCall<T>) {
    this.#makeCall = makeCall;
  }

  /** Settles with the response, or with a DispatcherError. */
  get result(): Promise<T> {
    return this.#result.promise;
  }

  /** Makes the call. Does nothing if it has been aborted. */
  open(link: Link): void {
    if (this.#hasEnded) return;
    this.#link = link;
    this.#call = this.#makeCall(link.client, (error, value) => {
      if (error === null) {
        link.recordActivity();
        this.#result.resolve(value as T);
      } else {
        const failure = DispatcherError.from(error);
        link.recordFailure(failure);
        this.#result.reject(failure);
      }
      this.#end();
    });
    link.addCall(this);
  }

  /** The call cannot be made. */
  refuse(error: DispatcherError): void {
    this.abort(error);
  }

  /** Cancels the call. Does nothing if it has ended. */
  abort(error: DispatcherError): void {
    this.#result.reject(error);
    this.#call?.cancel();
    this.#end();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#link?.removeCall(this);
  }
}
