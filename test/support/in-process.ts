/**
 * A dispatcher in the test's own process, served over a real socket.
 */
import { afterAll, beforeAll, expect, onTestFinished, vi } from "vitest";
import { createDispatcher, type DispatcherOptions, type DispatcherServer } from "../../src/compose.js";
import type { Logger } from "../../src/ports/logger.js";
import { DispatcherRuntime } from "../../src/runtime/dispatcher-runtime.js";
import { EVERYTHING, writePolicy } from "./policy-file.js";
import { WireClient } from "./wire-client.js";

const LISTEN = ["127.0.0.1:0"];
/** A finished test does not wait for pending requests. */
const SHORT_GRACE_MS = 20;

/** Default TTL of requests: longer than any test, so that no result becomes late only because the machine is busy. */
const LONG_TTL_MS = 60_000;

/** The address of a running server. */
export interface Served {
  readonly address: string;
}

/** Serves for all tests of a file or describe block. If the server logs an error, which is a bug, the tests fail. */
export function useServer(options: DispatcherOptions = {}): Served {
  let served: { readonly address: string; readonly stop: () => Promise<void> } | undefined;
  beforeAll(async () => {
    served = await serve({ defaultTtlMs: LONG_TTL_MS, ...options });
  });
  afterAll(() => served?.stop());
  return {
    get address() {
      if (!served) throw new Error("the server is not started yet");
      return served.address;
    },
  };
}

/** Serves until the test is over. */
export async function startServer(
  options: DispatcherOptions = {},
): Promise<Served & { readonly dispatcher: DispatcherServer }> {
  const served = await serve({ defaultTtlMs: LONG_TTL_MS, ...options });
  onTestFinished(served.stop);
  return served;
}

/** Whether callers are authenticated. A test that is not about policies lets them do everything. */
function needsPolicy({ policyFile, tlsClientAuth = "none", ...options }: DispatcherOptions): boolean {
  const isAuthenticated = Object.entries(options).some(
    ([key, value]) => key.startsWith("auth") && value !== "",
  );
  return policyFile === undefined && (isAuthenticated || tlsClientAuth !== "none");
}

/** Serves until `stop` is called. `stop` fails if the server has logged an error. */
export async function serve(options: DispatcherOptions) {
  const log = new ErrorLog();
  const policy = needsPolicy(options) ? writePolicy([{ principals: ["*"], allow: EVERYTHING }]) : undefined;
  const dispatcher = createDispatcher({
    listen: LISTEN,
    drainGraceMs: SHORT_GRACE_MS,
    logger: log.logger,
    ...(policy ? { policyFile: policy.path } : {}),
    ...options,
  });
  await dispatcher.start();
  const stop = async (): Promise<void> => {
    await dispatcher.drain();
    policy?.remove();
    expect(log.errors).toEqual([]);
  };
  return { dispatcher, address: addressOf(dispatcher.addresses), stop };
}

/** Serves until the test is over, and gives access to the runtime inside the server. */
export async function startInspectable(
  options: DispatcherOptions = {},
): Promise<Served & { readonly runtime: DispatcherRuntime }> {
  // The server does not expose its runtime. The spy records `this` of the first call, which is the runtime.
  const spy = vi.spyOn(DispatcherRuntime.prototype, "openCall");
  const { address } = await startServer(options);
  const client = new WireClient(address);
  await client.dispatch({ topic: "nobody" });
  client.close();
  const [runtime] = spy.mock.contexts as readonly DispatcherRuntime[];
  spy.mockRestore();
  if (!runtime) throw new Error("Dispatch no longer calls openCall");
  return { address, runtime };
}

function addressOf([address]: readonly string[]): string {
  if (address === undefined) throw new Error("the server bound no address");
  return address;
}

/** Collects the errors that are logged. */
class ErrorLog {
  readonly errors: unknown[] = [];
  readonly logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (fields, message) => this.errors.push({ message, error: String(fields["err"]) }),
  };
}
