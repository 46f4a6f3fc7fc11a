import { describe, expect, it } from "vitest";
import { Dispatcher } from "../core/dispatcher.js";
import type { Effect } from "../core/vocabulary/effect.js";
import type { Input } from "../core/vocabulary/input.js";
import { Driver } from "./driver.js";
import type { Performer } from "./perform.js";

function setUp(onEffect: (effect: Effect, driver: Driver) => void = () => {}) {
  let now = 0;
  const performed: Effect[] = [];
  const clock = { now: () => ++now, timeOfDay: (at: number) => at };
  const performer = {
    perform: (effect: Effect) => {
      performed.push(effect);
      onEffect(effect, driver);
    },
  } as Performer;
  const driver: Driver = new Driver(new Dispatcher("test"), clock, performer, () => {});
  return { driver, performed, readings: () => now };
}

/** Causes exactly one effect, a reject: no request has that id. */
function cancel(requestId: string): Input {
  return { kind: "cancelRequested", session: 1, requestId };
}

function rejectedIds(performed: readonly Effect[]): unknown[] {
  return performed.map((effect) => effect.kind === "reject" && effect.refusal.metadata["request_id"]);
}

describe("the driver", () => {
  it("applies all inputs of one message at one instant", () => {
    const { driver, performed, readings } = setUp();
    driver.submitAll([cancel("a"), cancel("b"), cancel("c")]);
    expect(rejectedIds(performed)).toEqual(["a", "b", "c"]);
    expect(readings()).toBe(1);
  });

  it("reads an input of a message only after the effects of the previous one are performed", () => {
    const { driver, performed } = setUp();
    const seen: number[] = [];
    function* inputs(): Generator<Input> {
      for (const id of ["a", "b"]) {
        seen.push(performed.length);
        yield cancel(id);
      }
    }
    driver.submitAll(inputs());
    expect(seen).toEqual([0, 1]);
  });

  it("keeps the inputs before a malformed part of a message, and rethrows the error", () => {
    const { driver, performed } = setUp();
    function* inputs(): Generator<Input> {
      yield cancel("a");
      driver.submit(cancel("b"));
      throw new Error("malformed");
    }
    expect(() => driver.submitAll(inputs())).toThrow("malformed");
    driver.submit(cancel("c"));
    expect(rejectedIds(performed)).toEqual(["a", "b", "c"]);
  });

  it("applies an input that an effect submits after the current one, never within it", () => {
    const order: string[] = [];
    const { driver } = setUp((effect, own) => {
      const id = effect.kind === "reject" ? (effect.refusal.metadata["request_id"] ?? "") : "";
      order.push(`begin ${id}`);
      if (id === "a") own.submit(cancel("a2"));
      if (id === "b") own.submitAll([cancel("b2")]);
      order.push(`end ${id}`);
    });
    driver.submitAll([cancel("a"), cancel("b")]);
    expect(order).toEqual(["a", "a2", "b", "b2"].flatMap((id) => [`begin ${id}`, `end ${id}`]));
  });
});
