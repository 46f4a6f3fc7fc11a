import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Dispatcher } from "../core/dispatcher.js";
import type { Effect } from "../core/vocabulary/effect.js";
import type { Pressure } from "../core/vocabulary/held-bytes.js";
import type { Input } from "../core/vocabulary/input.js";
import type { Arrival, InputStream, MessageInputs, MessageOwner } from "../ports/runtime.js";
import { Driver } from "./driver.js";
import { Intake } from "./intake.js";
import type { Performer } from "./perform.js";
import { Slices } from "./slices.js";

/** The clock is read every eight inputs, so a slice of 2 ms has this many inputs of a quarter of a millisecond. */
const PER_SLICE = 8;
const INPUT_MS = 0.25;

type ReadMessage = (name: string, count: number, arrival: Arrival) => MessageInputs;

/** Slices with a clock that advances by {@link INPUT_MS} with each input. */
function setUp() {
  let now = 0;
  /** What was done, in order. */
  const log: string[] = [];
  const clock = { now: () => now, timeOfDay: (at: number) => at };
  let onStep = (_id: string): void => undefined;
  const performer = {
    perform: (effect: Effect) => {
      if (effect.kind !== "reject") return;
      const id = effect.refusal.metadata["request_id"] ?? "";
      log.push(id);
      now += INPUT_MS;
      onStep(id);
    },
  } as Performer;
  const intake: Intake = new Intake(clock, () => slices);
  const core = new Dispatcher("test");
  const failed: unknown[] = [];
  let bug: Error | undefined;
  const continued: number[] = [];
  const step = core.step.bind(core);
  core.step = (input, at) => {
    if (input.kind === "workContinued") {
      continued.push(input.session);
      log.push(`continue ${input.session}`);
      if (bug) throw bug;
    }
    return step(input, at);
  };
  const driver = new Driver(core, clock, performer, (at) => intake.beginTurn(at));
  const slices: Slices = new Slices(clock, driver, intake, (...failure) => failed.push(failure));
  let sessions = 0;

  /** A stream that records what happens to it. */
  class Stream implements InputStream {
    readonly session = ++sessions;
    /** Bytes that wait. */
    chargedBytes = 0;
    pressure: Pressure = "NONE";
    get owner(): MessageOwner {
      return {
        peer: this.peer,
        charge: (bytes) => {
          this.chargedBytes += bytes;
        },
        release: (bytes) => {
          this.chargedBytes -= bytes;
        },
        pressure: this.pressure,
      };
    }
    isNew = false;
    isPaused = false;
    isOver = false;
    errors: unknown[] = [];
    constructor(
      readonly name: string,
      readonly carriesRequests = false,
      readonly peer = "",
    ) {}
    pause(): void {
      this.isPaused = true;
    }
    resume(): void {
      this.isPaused = false;
    }
    guard(run: () => void): void {
      if (this.isOver) return;
      try {
        run();
      } catch (error) {
        this.errors.push(error);
      }
    }
    /** Receives a message of `count` inputs, named by the stream, the message and their number. */
    receive(message: string, count: number, bytes = 100, inputs: ReadMessage = inputsOf): void {
      slices.receive(this, bytes, (arrival) => inputs(`${this.name}${message}`, count, arrival));
    }
    halfClose(): void {
      slices.receive(this, 0, () => {
        log.push(`${this.name} half-closed`);
        return undefined;
      });
    }
    close(): void {
      this.isOver = true;
      slices.drop(this.session);
    }
  }
  return {
    log,
    slices,
    failed,
    /** Lets the next steps that the core continues fail. */
    failWith: (error: Error | undefined) => {
      bug = error;
    },
    stream: (name: string, carriesRequests = false, peer = "") => new Stream(name, carriesRequests, peer),
    /** Whom an effect of a step concerns. */
    whenStepped: (callback: (id: string) => void) => {
      onStep = callback;
    },
    /** Advances the clock; nothing else happens. */
    work: (ms: number) => {
      now += ms;
    },
    /** The names of the messages in the order in which they were processed, each once per slice. */
    order: () => log.map((id) => id.split("-")[0] ?? "").filter((name, i, all) => name !== all[i - 1]),
    /** Lets turns of the event loop pass until nothing waits. @returns their number. */
    settle: async () => {
      let turns = 0;
      for (; slices.length + intake.length > 0; turns++) await nextTurn();
      return turns;
    },
  };
}

function cancel(requestId: string): Input {
  return { kind: "cancelRequested", session: 999_999, requestId };
}

function* inputsOf(name: string, count: number): Generator<Input> {
  for (let i = 0; i < count; i++) yield cancel(`${name}-${i}`);
}

function all(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${name}-${i}`);
}

describe("a message", () => {
  it("that fits into a slice is processed when it arrives", () => {
    const { stream, log } = setUp();
    stream("a").receive("1", 5);
    expect(log).toEqual(all("a1", 5));
  });

  it("that is longer goes on in later turns, in its order", async () => {
    const { stream, log, settle } = setUp();
    stream("a").receive("1", 100);
    expect(log).toEqual(all("a1", PER_SLICE));
    expect(await settle()).toBe(Math.ceil(100 / PER_SLICE) - 1);
    expect(log).toEqual(all("a1", 100));
  });

  it("gives other streams their slices between its own", async () => {
    const { stream, order, settle } = setUp();
    stream("a").receive("1", PER_SLICE * 3);
    stream("b").receive("1", PER_SLICE * 2);
    await settle();
    expect(order()).toEqual(["a1", "b1", "a1", "b1", "a1"]);
  });

  it("of a stream of which nothing waits is processed on arrival while others wait", async () => {
    const { stream, order, settle } = setUp();
    stream("a").receive("1", PER_SLICE * 3);
    await nextTurn();
    stream("b").receive("1", 1);
    expect(order()).toEqual(["a1", "b1"]);
    await settle();
  });

  it("waits for the end of the turn once the turn has used up its time", async () => {
    const { stream, log, settle } = setUp();
    for (const name of ["a", "b", "c"]) stream(name).receive("1", PER_SLICE);
    stream("d").receive("1", 1);
    expect(log).not.toContain("d1-0");
    await settle();
    expect(log).toContain("d1-0");
  });

  it("whose reading throws after a slice is over, and its inputs before stay applied", async () => {
    const { stream, log, settle } = setUp();
    const a = stream("a");
    a.receive("1", 20, 100, function* (name, count): Generator<Input> {
      yield* inputsOf(name, count);
      throw new Error("malformed");
    });
    a.receive("2", 1);
    expect(a.errors).toEqual([]);
    await settle();
    expect(a.errors).toEqual([new Error("malformed")]);
    expect(log).toEqual([...all("a1", 20), "a2-0"]);
  });
});

describe("a stream", () => {
  it("keeps its order: later messages and the half-close wait behind the rest of a message", async () => {
    const { stream, log, settle } = setUp();
    const a = stream("a");
    a.receive("1", 20);
    a.receive("2", 2);
    a.halfClose();
    expect(log).toEqual(all("a1", PER_SLICE));
    await settle();
    expect(log).toEqual([...all("a1", 20), ...all("a2", 2), "a half-closed"]);
  });

  it("is paused while much of it waits, and resumed when nothing does", async () => {
    const { stream, settle } = setUp();
    const [small, large] = [stream("a"), stream("b")];
    small.receive("1", 20, 1_000);
    large.receive("1", 20, 100_000);
    expect([small.isPaused, large.isPaused]).toEqual([false, true]);
    small.receive("2", 1, 100_000);
    expect(small.isPaused).toBe(true);
    await settle();
    expect([small.isPaused, large.isPaused]).toEqual([false, false]);
  });

  it("charges what waits to its peer, and releases it when it is processed or dropped", async () => {
    const { stream, settle } = setUp();
    const [a, b] = [stream("a"), stream("b")];
    for (const each of [a, b]) {
      each.receive("1", 20, 1_000);
      each.receive("2", 1, 1_000);
    }
    expect([a.chargedBytes, b.chargedBytes].map((bytes) => bytes >= 2_000)).toEqual([true, true]);
    b.close();
    expect(b.chargedBytes).toBe(0);
    await settle();
    expect(a.chargedBytes).toBe(0);
  });

  it("is paused at once if its peer holds more than it may", async () => {
    const { stream, settle } = setUp();
    const a = stream("a");
    a.pressure = "HIGH";
    a.receive("1", 20, 10);
    expect(a.isPaused).toBe(true);
    await settle();
    expect(a.isPaused).toBe(false);
  });

  it("is paused while many tiny messages of it wait", () => {
    const { stream } = setUp();
    const a = stream("a");
    a.receive("1", 20, 1);
    for (let i = 0; i < 120; i++) a.receive("2", 1, 1);
    expect(a.isPaused).toBe(false);
    for (let i = 0; i < 10; i++) a.receive("3", 1, 1);
    expect(a.isPaused).toBe(true);
  });

  it("that has ended drops what waits of it, and nothing else", async () => {
    const { stream, log, slices, settle } = setUp();
    const [a, b] = [stream("a"), stream("b")];
    a.receive("1", 20);
    a.receive("2", 1);
    b.receive("1", 20);
    a.close();
    await settle();
    expect(log).toEqual([...all("a1", PER_SLICE), ...all("b1", 20)]);
    expect(slices.length).toBe(0);
  });

  it("that ends during its own slice drops the rest", async () => {
    const { stream, log, settle, whenStepped } = setUp();
    const a = stream("a");
    whenStepped((id) => id === "a1-3" && a.close());
    a.receive("1", 20);
    await settle();
    expect(log.length).toBeLessThanOrEqual(PER_SLICE);
  });
});

describe("a step that the core continues", () => {
  it("goes on in the turn's end, ahead of the rest of its message and of later ones", async () => {
    const { stream, log, settle, slices, whenStepped } = setUp();
    const a = stream("a");
    whenStepped((id) => id === "a1-1" && slices.continueLater(a.session, ""));
    a.receive("1", 4);
    a.receive("2", 1);
    expect(log).toEqual(all("a1", 2));
    await settle();
    expect(log).toEqual(["a1-0", "a1-1", `continue ${a.session}`, "a1-2", "a1-3", "a2-0"]);
  });

  it("of a session without a stream goes on, too, once for each effect", async () => {
    const { log, settle, slices } = setUp();
    slices.continueLater(7, "");
    slices.continueLater(7, "");
    expect(log).toEqual([]);
    await settle();
    expect(log).toEqual(["continue 7"]);
  });

  it("stays when the stream ends, because the core may have work left", async () => {
    const { stream, log, settle, slices } = setUp();
    const a = stream("a");
    slices.continueLater(a.session, "");
    a.receive("1", 1);
    a.close();
    await settle();
    expect(log).toEqual([`continue ${a.session}`]);
  });
});

describe("a continued step that fails by a bug", () => {
  it("is reported with its session, and is not repeated; others go on", async () => {
    const { stream, log, settle, slices, failed, failWith } = setUp();
    const [a, b] = [stream("a"), stream("b")];
    const bug = new Error("a bug");
    failWith(bug);
    slices.continueLater(a.session, "");
    b.receive("1", 2 * PER_SLICE);
    await settle();

    expect(failed).toEqual([[a.session, bug]]);
    expect(log.filter((one) => one.startsWith("continue"))).toEqual([`continue ${a.session}`]);
    expect(log.filter((one) => one.startsWith("b"))).toEqual(all("b1", 2 * PER_SLICE));
  });
});

describe("the rest of a message with requests", () => {
  it("waits in turn with the requests of other callers, and is told how long", async () => {
    const { stream, order, settle, work } = setUp();
    const [a, b] = [stream("a", true), stream("b", true)];
    const waits: number[] = [];
    a.receive("1", PER_SLICE * 3, 100, function* (name, count, arrival) {
      for (const input of inputsOf(name, count)) {
        waits.push(arrival.waitedMs);
        yield input;
      }
    });
    work(50);
    b.receive("1", 1);
    await settle();
    expect(order()).toEqual(["a1", "b1", "a1"]);
    expect(waits.slice(0, PER_SLICE)).toEqual(Array(PER_SLICE).fill(0));
    expect(Math.min(...waits.slice(PER_SLICE))).toBeGreaterThanOrEqual(50);
  });

  it("goes behind results that wait", async () => {
    const { stream, order, settle, work } = setUp();
    const [requests, results] = [stream("q", true), stream("r")];
    requests.receive("1", PER_SLICE * 2);
    results.receive("1", PER_SLICE * 2);
    work(100);
    await settle();
    expect(order()).toEqual(["q1", "r1", "q1"]);
  });

  it("keeps the order of its stream with messages that were queued before and after it", async () => {
    const { stream, log, settle, work } = setUp();
    const [busy, a] = [stream("busy"), stream("a", true)];
    busy.receive("1", 1);
    work(10);
    a.receive("1", 20);
    a.receive("2", 20);
    await nextTurn();
    a.receive("3", 2);
    a.halfClose();
    await settle();
    const expected = [...all("a1", 20), ...all("a2", 20), ...all("a3", 2), "a half-closed"];
    expect(log.slice(1)).toEqual(expected);
  });

  it("does not pause its stream before much waits, so that the requests are known to wait", () => {
    const { stream } = setUp();
    const a = stream("a", true);
    a.receive("1", 20, 1_000_000);
    expect(a.isPaused).toBe(false);
    for (let i = 0; i < 4; i++) a.receive("more", 1, 1_000_000);
    expect(a.isPaused).toBe(false);
  });
});

describe("the first message of a stream", () => {
  it("waits behind other work of its peer, so that the newer of two sessions of an id comes last", async () => {
    const { stream, log, work, slices, settle } = setUp();
    slices.inTurn({ peer: "a" }, () => work(6));
    const [older, newer] = [stream("older", false, "a"), stream("newer", false, "a")];
    older.isNew = true;
    newer.isNew = true;
    older.receive("1", 1);
    slices.inTurn({ peer: "a" }, () => work(6));
    await nextTurn();
    newer.receive("1", 1);
    stream("other", false, "b").receive("1", 1);
    await settle();

    expect(log.indexOf("older1-0")).toBeLessThan(log.indexOf("newer1-0"));
    expect(log).toContain("other1-0");
  });
});

describe("peers", () => {
  it("take turns, however many streams of one of them wait", async () => {
    const { stream, work, order, settle } = setUp();
    const busy = Array.from({ length: 20 }, (_, i) => stream(`a${i}/`, false, "10.0.0.1"));
    work(1);
    for (const each of busy) each.receive("1", PER_SLICE * 2);
    stream("b", false, "10.0.0.2").receive("1", 1);

    await settle();

    // The first three streams used up the turn, so everything else waited.
    expect(order().indexOf("b1")).toBeLessThanOrEqual(5);
  });
});

describe("other work of a peer", () => {
  it("is done at once while the turn has time", () => {
    const { slices, log } = setUp();
    slices.inTurn({ peer: "a" }, () => log.push("a1"));
    expect(log).toEqual(["a1"]);
  });

  it("waits for a later turn once the turn has used up its time, in the order of its peer", async () => {
    const { slices, log, work, settle } = setUp();
    const does = (name: string) => () => {
      log.push(name);
      work(2);
    };
    for (const name of ["a1", "a2", "a3", "a4", "a5"]) slices.inTurn({ peer: "a" }, does(name));
    slices.inTurn({ peer: "b" }, does("b1"));
    expect(log).toEqual(["a1", "a2", "a3"]);

    expect(await settle()).toBe(1);

    expect(log).toEqual(["a1", "a2", "a3", "a4", "b1", "a5"]);
  });

  it("waits behind earlier work of its peer, also when a new turn has time", async () => {
    const { slices, log, work, settle } = setUp();
    const does = (name: string) => () => {
      log.push(name);
      work(6);
    };
    for (const name of ["a1", "a2", "a3"]) slices.inTurn({ peer: "a" }, does(name));
    await nextTurn();
    slices.inTurn({ peer: "a" }, does("a4"));
    await settle();

    expect(log).toEqual(["a1", "a2", "a3", "a4"]);
  });
});
