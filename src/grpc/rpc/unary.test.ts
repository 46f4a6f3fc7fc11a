import { EventEmitter } from "node:events";
import { status as Code } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import type { AddressedEffect } from "../../core/vocabulary/effect.js";
import type { Input } from "../../core/vocabulary/input.js";
import type { UnaryCall } from "../transport/call.js";
import type { Edge } from "./edge.js";
import { answerUnary } from "./unary.js";

const SESSION = 7;
const INPUT: Input = { kind: "cancelRequested", session: SESSION, requestId: "r" };
const UPDATED: AddressedEffect = { kind: "updated", to: SESSION, topics: [] };

/** Makes a call. @param now - the effects of the step that takes it. */
function setUp(now: readonly AddressedEffect[] = []) {
  const answers: unknown[] = [];
  const closed: number[] = [];
  const errors: unknown[] = [];
  const call = new EventEmitter();
  let perform = (_effect: AddressedEffect): void => undefined;
  const runtime = {
    openCall: (_from: unknown, onEffect: typeof perform) => {
      perform = onEffect;
      return SESSION;
    },
    submit: () => {
      for (const effect of now) perform(effect);
    },
    close: (session: number) => closed.push(session),
  };
  const logger = { error: ({ err }: { readonly err: unknown }) => errors.push(err) };
  answerUnary(
    { runtime, logger, unreadRefusalOf: () => undefined } as unknown as Edge,
    call as unknown as UnaryCall,
    (error, response) => answers.push(error ? error.code : String(response)),
    () => INPUT,
    (effect) => {
      if (effect.kind === "cancelled") throw new Error("a bug");
      return effect.kind === "updated" ? Buffer.from("updated") : undefined;
    },
  );
  return { answers, closed, errors, call, later: (effect: AddressedEffect) => perform(effect) };
}

describe("a unary call", () => {
  it("whose answer comes at once is closed at once", () => {
    const { answers, closed } = setUp([UPDATED]);
    expect([answers, closed]).toEqual([["updated"], [SESSION]]);
  });

  it("whose answer comes in a later turn stays open until then", () => {
    const { answers, closed, later } = setUp();
    expect([answers, closed]).toEqual([[], []]);
    later(UPDATED);
    expect([answers, closed]).toEqual([["updated"], [SESSION]]);
    later(UPDATED);
    expect(answers).toEqual(["updated"]);
  });

  it("that its peer cancels while it waits is closed", () => {
    const { closed, call } = setUp();
    call.emit("cancelled");
    expect(closed).toEqual([SESSION]);
  });

  it("whose late answer fails because of a bug ends INTERNAL, and nothing is thrown", () => {
    const { answers, closed, errors, later } = setUp();
    later({ kind: "cancelled", to: SESSION } as unknown as AddressedEffect);
    expect(errors).toEqual([new Error("a bug")]);
    expect([answers, closed]).toEqual([[Code.INTERNAL], [SESSION]]);
  });
});
