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
  const runFor = (ms: number, inputs: Iterable<Input | undefined>) =>
    driver.runFor(ms, inputs[Symbol.iterator](), clock.now());
  return { driver, performed, runFor, readings: () => now };
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
    const { performed, runFor, readings } = setUp();
    expect(runFor(100, [cancel("a"), cancel("b"), cancel("c")])).toBe(true);
    expect(rejectedIds(performed)).toEqual(["a", "b", "c"]);
    expect(readings()).toBe(1);
  });

  it("reads an input of a message only after the effects of the previous one are performed", () => {
    const { performed, runFor } = setUp();
    const seen: number[] = [];
    function* inputs(): Generator<Input> {
      for (const id of ["a", "b"]) {
        seen.push(performed.length);
        yield cancel(id);
      }
    }
    runFor(100, inputs());
    expect(seen).toEqual([0, 1]);
  });

  it("keeps the inputs before a malformed part of a message, and rethrows the error", () => {
    const { driver, performed, runFor } = setUp();
    function* inputs(): Generator<Input> {
      yield cancel("a");
      driver.submit(cancel("b"));
      throw new Error("malformed");
    }
    expect(() => runFor(100, inputs())).toThrow("malformed");
    driver.submit(cancel("c"));
    expect(rejectedIds(performed)).toEqual(["a", "b", "c"]);
  });

  it("applies an input that an effect submits after the current one, never within it", () => {
    const order: string[] = [];
    const { runFor } = setUp((effect, own) => {
      const id = effect.kind === "reject" ? (effect.refusal.metadata["request_id"] ?? "") : "";
      order.push(`begin ${id}`);
      if (id === "a") own.submit(cancel("a2"));
      if (id === "b") own.submit(cancel("b2"));
      order.push(`end ${id}`);
    });
    runFor(100, [cancel("a"), cancel("b")]);
    expect(order).toEqual(["a", "a2", "b", "b2"].flatMap((id) => [`begin ${id}`, `end ${id}`]));
  });

  it("stops when the time is used up, and goes on with the next input", () => {
    const { performed, runFor, readings } = setUp();
    const inputs = Array.from({ length: 100 }, (_, i) => cancel(String(i)))[Symbol.iterator]();
    const rest = { [Symbol.iterator]: () => inputs };
    // The clock advances by one millisecond with each reading.
    const before = readings();
    expect(runFor(2, rest)).toBe(false);
    expect(performed).toHaveLength(16);
    expect(readings() - before).toBe(3);
    expect(runFor(100, rest)).toBe(true);
    expect(rejectedIds(performed)).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
  });

  it("looks at the clock where a message has no input", () => {
    const { runFor } = setUp();
    let read = 0;
    function* inputs(): Generator<undefined> {
      for (; read < 1_000; read++) yield undefined;
    }
    expect(runFor(2, inputs())).toBe(false);
    // Two readings, each of which advances the clock by a millisecond.
    expect(read).toBe(1);
  });

  it("looks at the clock earlier after inputs with many effects", () => {
    const { driver, runFor } = setUp();
    const core = driver["core"];
    const many = Array.from({ length: 128 }, () => ({ kind: "continue", to: 1 }) as const);
    core.step = () => many;
    let read = 0;
    function* inputs(): Generator<Input> {
      for (; read < 100; read++) yield cancel("a");
    }
    expect(runFor(2, inputs())).toBe(false);
    // Each of them counts as eight, so each is followed by a reading, which advances the clock by a millisecond.
    expect(read).toBe(1);
  });

  it("stops after the current input when it is interrupted", () => {
    const { performed, runFor } = setUp((_effect, own) => own.interrupt());
    expect(runFor(100, [cancel("a"), cancel("b")])).toBe(false);
    expect(rejectedIds(performed)).toEqual(["a"]);
  });
});
