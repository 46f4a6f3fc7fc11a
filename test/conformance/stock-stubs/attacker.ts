import { type Acceptance, type Assignment, ErrorInfo, type Status } from "ate-dispatcher-client/internal";
import { bytesField, concat } from "../../support/wire-bytes.js";
import { type ProduceStream, WireClient } from "../../support/wire-client.js";
import { type Refused, RefusedError, readStatus } from "../../support/wire-status.js";
import { withTimeout } from "../with-timeout.js";

/** The topic on which the attacker answers. */
export const RESULT_TOPIC = "stock.results";
const ID = "attacker";
const TIMEOUT_MS = 10_000;

/** A caller and a producer that sends any bytes. */
export class Attacker {
  readonly #client: WireClient;
  readonly #producer: ProduceStream;

  private constructor(client: WireClient, producer: ProduceStream) {
    this.#client = client;
    this.#producer = producer;
  }

  /** Connects. Resolves when it is registered. */
  static async connect(address: string): Promise<Attacker> {
    const client = new WireClient(address);
    return new Attacker(client, await client.producer(ID, [RESULT_TOPIC]));
  }

  /** Dispatches an encoded Request. */
  async dispatch(request: Uint8Array): Promise<Acceptance | Refused> {
    try {
      return await this.#client.dispatchBytes(bytesField(1, request));
    } catch (error) {
      if (error instanceof RefusedError) return error.refused;
      throw error;
    }
  }

  /** Submits an encoded Submission. */
  async submit(submission: Uint8Array): Promise<Acceptance | Refused> {
    const stream = this.#client.submit();
    stream.sendBytes(bytesField(1, submission));
    const rejected = stream.next("rejection").then(({ status }) => {
      if (status === undefined) throw new Error("the Rejection has no status");
      return readStatus(status);
    });
    const outcome = Promise.any([stream.next("acceptance"), rejected, stream.ended]);
    return await withTimeout(outcome, TIMEOUT_MS, () => "the submission was not answered");
  }

  /** Opens the session of a further producer with an encoded Hello, while `act` runs. */
  async hello(hello: Uint8Array, act: () => Promise<void>): Promise<Refused | undefined> {
    const stream = this.#client.produce();
    stream.sendBytes(bytesField(1, bytesField(2, hello)));
    const outcome = Promise.any([stream.next("welcome"), stream.ended]);
    const answer = await withTimeout(outcome, TIMEOUT_MS, () => "the Hello was not answered");
    if ("reason" in answer) return answer;
    await act();
    stream.cancel();
    await stream.ended;
    return undefined;
  }

  /** Takes the next assignment. */
  async assignment(): Promise<Assignment> {
    return await withTimeout(
      this.#producer.next("assignment"),
      TIMEOUT_MS,
      () => "the attacker got no assignment",
    );
  }

  /** Answers with an encoded Result. */
  reply({ assignmentId }: Assignment, result: Uint8Array): void {
    const reply = concat(bytesField(1, assignmentId), bytesField(3, result));
    this.#producer.sendBytes(bytesField(1, bytesField(1, reply)));
  }

  /** Takes the next Fault. @returns the reason in its status. */
  async fault(): Promise<string> {
    const { status } = await withTimeout(
      this.#producer.next("fault"),
      TIMEOUT_MS,
      () => "the attacker got no Fault",
    );
    return reasonOf(status);
  }

  /** Closes the connection. */
  close(): void {
    this.#client.close();
  }
}

/** The reason in the ErrorInfo of a status; empty if it has none. */
export function reasonOf(status: Status | undefined): string {
  const info = status?.details.find(({ typeUrl }) => typeUrl.endsWith("/google.rpc.ErrorInfo"));
  return info ? ErrorInfo.decode(info.value).reason : "";
}
