/**
 * The commands of a run of the model test, as plain data. A number named `which` selects one of the existing sessions or
 * requests at run time, so that a shrunk run is still valid.
 */
import fc from "fast-check";
import type { Completion, NoProducersAction } from "../../src/core/vocabulary/model.js";

const TOPICS = ["a", "a.b", "c"] as const;
const NAMES = [...TOPICS, "a.*", ">"] as const;

const which = fc.nat(99);
/** Mostly 1, so that assignments wait or are saturated. */
const window = fc.constantFrom(1, 1, 1, 2, 3);
/** Most sessions are on `a`, so that they share topics. */
const topics: fc.Arbitrary<readonly string[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(["a"]) },
  { weight: 4, arbitrary: fc.subarray([...TOPICS], { minLength: 1 }) },
  { weight: 1, arbitrary: fc.shuffledSubarray([...NAMES]) },
);

const until = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Completion["until"]>({ kind: "all" }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("resultCount" as const),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("quorumPercent" as const),
      percent: fc.constantFrom(1, 33, 34, 50, 51, 100),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Completion["until"]>({ kind: "firstSuccess", isSet: true }) },
);

const completion: fc.Arbitrary<Completion> = fc.record({
  until,
  stallTimeoutMs: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined, freq: 2 }),
  minResults: fc.constantFrom(0, 0, 1, 2),
  countErrors: fc.boolean(),
  loserAction: fc.constantFrom("CANCEL", "LET_RUN"),
});

const openProducer = fc.record({
  kind: fc.constant("openProducer" as const),
  id: fc.constantFrom("p1", "p2", "p3"),
  topics,
  isGrouped: fc.boolean(),
  window,
  backlog: window,
  dispositions: fc.boolean(),
});

const malformed: fc.Arbitrary<readonly string[]> = fc.constant(["a", "a..b"]);

const register = fc.record({
  kind: fc.constant("register" as const),
  which,
  topics: fc.oneof({ weight: 9, arbitrary: topics }, { weight: 1, arbitrary: malformed }),
  isGrouped: fc.boolean(),
});

const deregister = fc.record({
  kind: fc.constant("deregister" as const),
  which,
  topics: fc.oneof({ weight: 9, arbitrary: topics }, { weight: 1, arbitrary: malformed }),
});

const openListener = fc.record({
  kind: fc.constant("openListener" as const),
  id: fc.constantFrom("l1", "l2", "l3", "l4"),
  topics,
  late: fc.boolean(),
  summaries: fc.boolean(),
  isGrouped: fc.constantFrom(false, false, true),
  resumes: fc.boolean(),
  /** Whether its cursors are of another server, or claim more deliveries than there were. */
  isEstranged: fc.constantFrom(false, false, false, true),
  isInParts: fc.constantFrom(false, false, true),
});

const update = fc.record({
  kind: fc.constant("update" as const),
  id: fc.constantFrom("l1", "l2", "l3", "l4"),
  add: topics,
  remove: topics,
  byCall: fc.boolean(),
});

const request = fc.record({
  kind: fc.constant("request" as const),
  topic: fc.constantFrom("a", "a", "a", ...TOPICS),
  ttlMs: fc.oneof(
    { weight: 40, arbitrary: fc.integer({ min: 1, max: 900 }) },
    { weight: 1, arbitrary: fc.constantFrom(0, -5, 10_000, 10_001) },
  ),
  completion: fc.oneof(
    { weight: 1, arbitrary: completion },
    {
      weight: 1,
      arbitrary: completion.map(
        (of): Completion => ({ ...of, until: { kind: "all" }, stallTimeoutMs: undefined }),
      ),
    },
  ),
  selectedIds: fc.constantFrom<readonly string[]>([], [], [], [], [], [], ["p1"], ["p2", "p3"], ["nobody"]),
  maxTargets: fc.constantFrom(0, 0, 0, 0, 0, 1, 2),
  action: fc.constantFrom<NoProducersAction>("COMPLETE", "COMPLETE", "FAIL", "WAIT"),
  caller: fc.option(which, { nil: undefined, freq: 2 }),
  gather: fc.boolean(),
  excludesListeners: fc.constantFrom(false, false, false, true),
  callersId: fc.constantFrom("", "", "", "", "k1", "k2"),
  payloadBytes: fc.constantFrom(1, 1, 500, 3_000),
  /** Whether a caller's id that was used before comes with the same request as before. */
  isRepeated: fc.boolean(),
});

const reply = fc.record({
  kind: fc.constant("reply" as const),
  which,
  /** Whether the reply may be to any assignment ever sent, instead of an outstanding one. */
  isAny: fc.constantFrom(false, false, false, true),
  /** Whether any producer replies, instead of the one that was asked. */
  byAnybody: fc.constantFrom(false, false, false, false, false, true),
  isNonsense: fc.constantFrom(...new Array<boolean>(19).fill(false), true),
  more: fc.constantFrom(false, false, true),
  isError: fc.constantFrom(false, false, true),
});

/** The connection of a producer takes some of its oldest assignments, or all. */
const written = fc.record({
  kind: fc.constant("written" as const),
  which,
  count: fc.constantFrom(1, 2, 99),
});

const advance = fc.record({
  kind: fc.constant("advance" as const),
  byMs: fc.oneof(fc.nat(50), fc.nat(700)),
  /** Advances to the end of some request instead, plus `beyondMs`. */
  toEndOf: fc.option(which, { nil: undefined, freq: 2 }),
  beyondMs: fc.constantFrom(-1, 0, 0, 0.25, 1),
  /** Whether the dispatcher is woken at each deadline on the way; otherwise the process was stalled. */
  isWoken: fc.boolean(),
});

const openCaller = fc.record({ kind: fc.constant("openCaller" as const) });

/** The sessions that are open when a run begins. */
export const beginning = fc.tuple(
  openProducer,
  openProducer,
  openProducer,
  openListener,
  openListener,
  openCaller,
);

/** One command. */
export const command = fc.oneof(
  { weight: 2, arbitrary: openProducer },
  { weight: 2, arbitrary: register },
  { weight: 1, arbitrary: deregister },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("credit" as const), which, window }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("drainProducer" as const), which }) },
  { weight: 2, arbitrary: openListener },
  { weight: 2, arbitrary: update },
  { weight: 1, arbitrary: openCaller },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("finishCaller" as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("close" as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("age" as const), which }) },
  { weight: 16, arbitrary: request },
  { weight: 24, arbitrary: reply },
  { weight: 6, arbitrary: written },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), which }) },
  { weight: 5, arbitrary: advance },
);

/** The end of a server: a drain, then any commands, then perhaps the end of the grace. */
export const ending = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.array(command, { maxLength: 8 }), fc.boolean())
      .map(([between, expires]) => [
        { kind: "drainServer" as const },
        ...between,
        ...(expires ? [{ kind: "expireDrain" as const }] : []),
        ...between,
      ]),
  },
);

type Arbitrated<T> = T extends fc.Arbitrary<infer U> ? U : never;

/** One command of a run. */
export type ModelCommand = Arbitrated<typeof command> | Arbitrated<typeof ending>[number];
