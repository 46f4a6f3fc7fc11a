/** Compares the observed outcome of a request with the expected one. */
import { isDeepStrictEqual } from "node:util";
import { ARGS, type Expectation, KWARGS } from "./scenario.js";

/** A result as a listener got it. */
export interface Heard {
  readonly producer: string;
  readonly latencyMs: number;
  readonly value: unknown;
}

/** A producer that answers after the TTL. */
export interface Late {
  readonly producer: string;
  /** When it would have answered. */
  readonly wouldBeAtMs: number;
  /** When its assignment was revoked. */
  readonly toldAtMs: number;
}

/** The observed outcome of a request. */
export interface Observation {
  readonly asked: readonly string[];
  /** By listener, in order of arrival. */
  readonly heard: Readonly<Record<string, readonly Heard[]>>;
  readonly late: readonly Late[];
  /** Why the request ended. */
  readonly reason: string;
}

/** Describes the differences, one line each. */
export function differences(expected: Expectation, seen: Observation): readonly string[] {
  const found: string[] = [];
  const compare = (what: string, is: unknown, must: unknown) => {
    if (isDeepStrictEqual(is, must)) return;
    found.push(`${expected.topic}: ${what} is ${JSON.stringify(is)}, must be ${JSON.stringify(must)}`);
  };
  compare("who was asked", [...seen.asked].sort(), [...expected.asked].sort());
  for (const [listener, producers] of Object.entries(expected.heard)) {
    const results = seen.heard[listener] ?? [];
    compare(
      `what ${listener} heard`,
      results.map(({ producer }) => producer),
      producers,
    );
    for (const { producer, value } of results) {
      const must = { id: producer, some_key: expected.topic, args: ARGS, kwargs: KWARGS };
      compare(`what ${producer} said to ${listener}`, value, must);
    }
  }
  compare(
    "who was late",
    seen.late.map(({ producer }) => producer),
    expected.late,
  );
  compare("the end", seen.reason, expected.reason);
  return found;
}
