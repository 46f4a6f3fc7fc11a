import { Metadata, type ServerDuplexStream, type ServerWritableStream, type status } from "@grpc/grpc-js";
import { Inbox } from "../src/async/inbox.js";
import { ErrorInfo } from "../src/gen/google/rpc/error_details.js";
import { Status } from "../src/gen/google/rpc/status.js";

/** The server's side of one stream, controlled by a test. */
export class FakeCall<Request, Response> {
  readonly #call: ServerDuplexStream<Request, Response> | ServerWritableStream<Request, Response>;
  readonly #received = new Inbox<Request>();
  /** The metadata of the call. */
  readonly metadata: Metadata;
  /** Resolves when the client half-closes, cancels or disconnects. */
  readonly clientEnded: Promise<void>;

  constructor(call: ServerDuplexStream<Request, Response> | ServerWritableStream<Request, Response>) {
    this.#call = call;
    this.metadata = call.metadata;
    call.on("error", () => {});
    if ("request" in call) this.#received.push(call.request);
    else call.on("data", (message: Request) => this.#received.push(message));
    this.clientEnded = new Promise((resolve) => {
      call.on("end", resolve);
      call.on("cancelled", resolve);
    });
    void this.clientEnded.then(() => this.#received.end());
  }

  /** Waits for the client's next message. */
  async next(): Promise<Request> {
    const { value } = await this.#received.next();
    if (value === undefined) throw new Error("the client sent no further message");
    return value;
  }

  /** Sends a message. */
  send(message: Response): void {
    this.#call.write(message);
  }

  /** Sends bytes as a message, also malformed ones. */
  sendRaw(bytes: Uint8Array): void {
    this.#call.write(Buffer.from(bytes) as unknown as Response);
  }

  /** Sends a message, and waits until the stream is not congested. */
  async sendPaced(message: Response): Promise<void> {
    if (this.#call.write(message)) return;
    await new Promise<void>((resolve) => this.#call.once("drain", resolve));
  }

  /** Whether the client reads more slowly than the test writes. */
  get isCongested(): boolean {
    return this.#call.writableNeedDrain;
  }

  /** Ends the stream with OK. */
  end(): void {
    this.#call.end();
  }

  /** Ends the stream with an error. */
  fail(code: status, details: string, reason?: string): void {
    this.#call.emit("error", { code, details, metadata: withReason(code, details, reason) });
  }
}

/** Trailers with an ErrorInfo. */
export function withReason(code: status, message: string, reason: string | undefined): Metadata {
  const metadata = new Metadata();
  if (reason === undefined) return metadata;
  const info = ErrorInfo.encode({ reason, domain: "ate.dispatcher", metadata: {} }).finish();
  const details = [{ typeUrl: "type.googleapis.com/google.rpc.ErrorInfo", value: info }];
  metadata.set("grpc-status-details-bin", Buffer.from(Status.encode({ code, message, details }).finish()));
  return metadata;
}
