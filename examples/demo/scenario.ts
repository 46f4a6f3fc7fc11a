/** The steps of the demo and their expected results: the example of the original, and two participants that leave. */

/** The expected outcome of a request. */
export interface Expectation {
  readonly topic: string;
  readonly ttlMs: number;
  /** Producers that are asked. */
  readonly asked: readonly string[];
  /** The producers whose results each listener gets, in the order of their arrival. */
  readonly heard: Readonly<Record<string, readonly string[]>>;
  /** Producers that answer after the TTL. */
  readonly late: readonly string[];
  readonly reason: "ALL_ANSWERED" | "EXPIRED";
}

/** One step. */
export type Step =
  | { readonly kind: "request"; readonly expected: Expectation }
  | { readonly kind: "listenerLeaves"; readonly listener: string; readonly topic: string }
  | { readonly kind: "producerEnds"; readonly producer: string };

/** A producer answers after a delay, on its topics. */
export const PRODUCERS = [
  { id: "producer1", delayMs: 200, topics: ["topic1", "my_topic"] },
  { id: "producer2", delayMs: 500, topics: ["topic1", "topic2", "my_topic"] },
] as const;

/** A listener gets the results on its topics. */
export const LISTENERS = [
  { id: "listener1", topics: ["topic1", "topic2", "my_topic"] },
  { id: "listener2", topics: ["topic1", "my_topic"] },
] as const;

/** Positional arguments of every request. */
export const ARGS: readonly number[] = [3, 4, 5];
/** Keyword arguments of every request. */
export const KWARGS: Readonly<Record<string, string>> = { keyword: "b" };

const BOTH = ["producer1", "producer2"];

/** The steps, one after the other. */
export const STEPS: readonly Step[] = [
  {
    kind: "request",
    expected: {
      ...{ topic: "topic1", ttlMs: 4_000, asked: BOTH, late: [], reason: "ALL_ANSWERED" },
      heard: { listener1: BOTH, listener2: BOTH },
    },
  },
  {
    kind: "request",
    expected: {
      ...{ topic: "my_topic", ttlMs: 300, asked: BOTH, late: ["producer2"], reason: "EXPIRED" },
      heard: { listener1: ["producer1"], listener2: ["producer1"] },
    },
  },
  {
    kind: "request",
    expected: {
      ...{ topic: "topic2", ttlMs: 1_000, asked: ["producer2"], late: [], reason: "ALL_ANSWERED" },
      heard: { listener1: ["producer2"], listener2: [] },
    },
  },
  { kind: "listenerLeaves", listener: "listener2", topic: "my_topic" },
  {
    kind: "request",
    expected: {
      ...{ topic: "my_topic", ttlMs: 1_000, asked: BOTH, late: [], reason: "ALL_ANSWERED" },
      heard: { listener1: BOTH, listener2: [] },
    },
  },
  { kind: "producerEnds", producer: "producer1" },
  {
    kind: "request",
    expected: {
      ...{ topic: "topic1", ttlMs: 1_000, asked: ["producer2"], late: [], reason: "ALL_ANSWERED" },
      heard: { listener1: ["producer2"], listener2: ["producer2"] },
    },
  },
];
