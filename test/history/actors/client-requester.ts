/** A requester of the TypeScript client, whose requests share one stream. */
import {
  createClient,
  type DispatcherClient,
  DispatcherError,
  type GatherOptions,
  status,
} from "ate-dispatcher-client";
import type { RequestSpec } from "../plan.js";
import type { RunContext } from "../run-context.js";
import { resultFacts } from "./client-listener.js";
import { dataOf, requestFacts } from "./wire-requester.js";

/** One requester. */
export class ClientRequester {
  readonly #client: DispatcherClient;
  /** Requests without an end. */
  readonly #open = new Set<string>();

  constructor(
    private readonly context: RunContext,
    private readonly id: string,
    address: string,
  ) {
    this.#client = createClient({ address, reconnect: { initialDelayMs: 50, maxDelayMs: 200 } });
  }

  /** Whether a request is pending. */
  get isBusy(): boolean {
    return this.#open.size > 0;
  }

  open(): void {}

  /** Sends a request. */
  request(spec: RequestSpec): void {
    const caller = this.context.fresh(this.id);
    this.context.note("submitted", { caller, isRepeat: false, ...requestFacts(spec) });
    this.#open.add(caller);
    const asked = spec.gather ? this.#gather(caller, spec) : this.#dispatch(caller, spec);
    asked
      .catch((error: unknown) => {
        const { code, reason } = DispatcherError.from(error);
        // The server may or may not have accepted the request.
        if (code === status.UNAVAILABLE || code === status.CANCELLED) {
          this.context.note("callerBroken", { caller, by: reason });
          this.context.note("callerEnded", { caller, code: "UNAVAILABLE" });
        } else {
          this.context.note("refused", { caller, requestId: spec.requestId, code: "", reason });
        }
      })
      .finally(() => this.#open.delete(caller));
  }

  breakOff(by: string, sever: (() => void) | undefined): void {
    for (const caller of this.#open) this.context.note("callerBroken", { caller, by });
    sever?.();
  }

  async close(): Promise<void> {
    await this.#client.close({ graceMs: 1_000 });
  }

  async #dispatch(caller: string, spec: RequestSpec): Promise<void> {
    const { requestId, targets, ttlMs } = await this.#client.dispatch(spec.topic, optionsOf(spec));
    this.context.note("accepted", { caller, requestId, targets, ttlMs });
  }

  async #gather(caller: string, spec: RequestSpec): Promise<void> {
    const { excludeListeners } = spec;
    const gather = this.#client.gather(spec.topic, { ...optionsOf(spec), excludeListeners });
    const accepted = gather.acceptance.then(({ requestId, targets, ttlMs }) => {
      this.context.note("accepted", { caller, requestId, targets, ttlMs });
    });
    accepted.catch(() => undefined);
    for await (const result of gather) this.context.note("gathered", { caller, ...resultFacts(result) });
    const summary = await gather.summary;
    await accepted;
    this.context.note("callerTold", { caller, ...summary });
  }
}

function optionsOf(spec: RequestSpec): GatherOptions {
  const { requestId, ttlMs, completion, maxTargets, label, noProducers } = spec;
  return {
    ...{ requestId, ttlMs, data: dataOf(spec), noProducersAction: noProducers },
    ...(completion && { completion }),
    ...((maxTargets > 0 || label !== "") && {
      selector: { maxTargets, ...(label !== "" && { matchLabels: { zone: label } }) },
    }),
  };
}
