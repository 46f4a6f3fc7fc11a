import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { ALL_RIGHTS, type Principal } from "../../core/vocabulary/principal.js";
import type { Identified } from "../../ports/authenticator.js";
import { Authentication, type AuthenticationServices } from "./authentication.js";

const PRINCIPAL: Principal = { id: "orders", source: "token", groups: [], expiresAt: undefined };

/** Begins one call, and records what becomes of it. */
function begin(
  identify: () => Identified | Promise<Identified>,
  {
    isOver = false,
    path = "/ate.dispatcher.v1.DispatcherService/Submit",
    ...services
  }: Partial<AuthenticationServices & { readonly isOver: boolean; readonly path: string }> = {},
) {
  const events: string[] = [];
  const line = (_: object, message: string) => void events.push(message);
  const authentication = new Authentication({
    authenticator: { identify, refresh: () => undefined },
    rightsOf: () => ALL_RIGHTS,
    logger: { debug: line, info: line, warn: line, error: line },
    runtime: { inTurn: (_, work) => work() },
    activity: { isEnabled: false, write: () => undefined, failed: () => undefined },
    audit: { refused: ({ reason, why }) => void events.push(`${reason}: ${why}`) },
    ...services,
  });
  const metadata = new Metadata();
  authentication.begin({
    path,
    peer: "127.0.0.1:1",
    stream: undefined,
    metadata,
    isOver: () => isOver,
    admit: () => void events.push("admitted"),
    refuse: ({ code }) => void events.push(`refused with ${code}`),
  });
  return { events, callerOf: () => authentication.callerOf({ metadata }) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const BUG = "a call failed because of a bug";

describe("the authentication of a call", () => {
  it("admits it at once if its caller is known at once", () => {
    const { events, callerOf } = begin(() => ({ principal: PRINCIPAL }));

    expect(events).toEqual(["admitted"]);
    expect(callerOf()).toEqual({ principal: PRINCIPAL, rights: ALL_RIGHTS });
  });

  it("admits it later if its caller is known later", async () => {
    const { events, callerOf } = begin(async () => ({ principal: PRINCIPAL }));
    expect(events).toEqual([]);
    await settled();

    expect(events).toEqual(["admitted"]);
    expect(callerOf().principal).toBe(PRINCIPAL);
  });

  it("refuses it, and says why in the audit alone", async () => {
    expect(begin(() => ({ why: "no credentials" })).events).toEqual([
      "UNAUTHENTICATED: no credentials",
      "refused with 16",
    ]);
    expect(begin(() => ({ why: "too many", isBusy: true })).events).toEqual([
      "OVERLOADED: too many",
      "refused with 8",
    ]);
  });

  it("does nothing with a call that has ended before its caller is known", async () => {
    const { events } = begin(async () => ({ principal: PRINCIPAL }), { isOver: true });
    await settled();

    expect(events).toEqual([]);
  });

  it("admits health checks unseen", () => {
    const never = () => {
      throw new Error("nobody asks");
    };

    expect(begin(never, { path: "/grpc.health.v1.Health/Check" }).events).toEqual(["admitted"]);
    expect(begin(never, { path: "/grpc.health.v1.Healthy/Check" }).events).toEqual([BUG, "refused with 13"]);
  });

  it.each<[string, () => Identified | Promise<Identified>, Partial<AuthenticationServices>]>([
    [
      "throws",
      () => {
        throw new Error("a bug");
      },
      {},
    ],
    ["rejects", () => Promise.reject(new Error("a bug")), {}],
    [
      "knows no rights",
      () => ({ principal: PRINCIPAL }),
      {
        rightsOf: () => {
          throw new Error("a bug");
        },
      },
    ],
    [
      "knows no rights later",
      async () => ({ principal: PRINCIPAL }),
      {
        rightsOf: () => {
          throw new Error("a bug");
        },
      },
    ],
  ])("refuses it if a bug %s, and the server goes on", async (_, identify, services) => {
    const { events } = begin(identify, services);
    await settled();

    expect(events).toEqual([BUG, "refused with 13"]);
  });

  it("gives no rights to a caller that is not known", () => {
    const { events, callerOf } = begin(() => ({ why: "no credentials" }));
    const { rights, principal } = callerOf();

    expect(principal.id).toBe("");
    expect(rights.allowsAny("request")).toBe(false);
    expect(rights.refusalOf("produce", "a")?.reason).toBe("NOT_ALLOWED");
    expect(events.at(-1)).toBe("a call was admitted without a caller because of a bug");
  });
});
