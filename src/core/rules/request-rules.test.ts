import { describe, expect, it } from "vitest";
import type { RequestSubmitted } from "../vocabulary/input.js";
import { DEFAULT_LIMITS } from "../vocabulary/limits.js";
import {
  COMPLETE_ALL,
  type Completion,
  NO_CONTEXT,
  type RequestSpec,
  type Selector,
  type Until,
} from "../vocabulary/model.js";
import { violationsOf } from "./request-rules.js";

function submitted(spec: Partial<RequestSpec>, input: Partial<RequestSubmitted> = {}): RequestSubmitted {
  return {
    kind: "requestSubmitted",
    session: 1,
    correlationId: undefined,
    spec: {
      topic: "t",
      ttlMs: undefined,
      requestId: "",
      completion: COMPLETE_ALL,
      selector: undefined,
      noProducersAction: "COMPLETE",
      payload: new Uint8Array(0),
      ...spec,
    },
    digest: "",
    mintedId: "minted",
    gather: false,
    excludeListeners: false,
    validateOnly: false,
    callDeadlineAt: undefined,
    context: NO_CONTEXT,
    ...input,
  };
}

function wrongFields(spec: Partial<RequestSpec>, input: Partial<RequestSubmitted> = {}): readonly string[] {
  return violationsOf(submitted(spec, input), DEFAULT_LIMITS).map(({ field }) => field);
}

function completion(of: Partial<Completion>): Partial<RequestSpec> {
  return { completion: { ...COMPLETE_ALL, ...of } };
}

function until(of: Until): Partial<RequestSpec> {
  return completion({ until: of });
}

function selector(of: Partial<Selector>): Partial<RequestSpec> {
  return { selector: { producerIds: [], principals: [], matchLabels: [], maxTargets: 0, ...of } };
}

const labels = (count: number) => Array.from({ length: count }, (_, i) => [`k${i}`, "v"] as const);
const ids = (count: number) => Array.from({ length: count }, (_, i) => `p${i}`);

describe("the rules for requests", () => {
  it.each<[title: string, spec: Partial<RequestSpec>]>([
    ["a bare topic", {}],
    ["the shortest ttl", { ttlMs: 1e-6 }],
    ["the longest ttl", { ttlMs: DEFAULT_LIMITS.maxTtlMs }],
    ["a result count of 1", until({ kind: "resultCount", count: 1 })],
    ["a quorum of 1 %", until({ kind: "quorumPercent", percent: 1 })],
    ["a quorum of 100 %", until({ kind: "quorumPercent", percent: 100 })],
    ["the first success", until({ kind: "firstSuccess", isSet: true })],
    ["a stall limit beyond the ttl", { ttlMs: 1, ...completion({ stallTimeoutMs: 1e9 }) }],
    ["more min_results than can arrive", completion({ minResults: 4_294_967_295 })],
    ["as many producers as allowed", selector({ producerIds: ids(1_000) })],
    ["as many labels as allowed", selector({ matchLabels: labels(32) })],
    ["WAIT", { noProducersAction: "WAIT" }],
    ["an id", { requestId: "order-7" }],
  ])("accept %s", (_title, spec) => {
    expect(wrongFields(spec)).toEqual([]);
  });

  it.each<[title: string, spec: Partial<RequestSpec>, field: string]>([
    ["no topic", { topic: "" }, "request.topic"],
    ["a pattern for a topic", { topic: "a.>" }, "request.topic"],
    ["a ttl of 0", { ttlMs: 0 }, "request.ttl"],
    ["a negative ttl", { ttlMs: -1 }, "request.ttl"],
    ["a ttl of minus 2^31", { ttlMs: -(2 ** 31) }, "request.ttl"],
    ["a malformed ttl", { ttlMs: "MALFORMED" }, "request.ttl"],
    ["a ttl just beyond the limit", { ttlMs: DEFAULT_LIMITS.maxTtlMs + 1 }, "request.ttl"],
    ["a ttl of 2^53", { ttlMs: 2 ** 53 }, "request.ttl"],
    ["an endless ttl", { ttlMs: Number.POSITIVE_INFINITY }, "request.ttl"],
    ["an id with a space", { requestId: "a b" }, "request.request_id"],
    ["a result count of 0", until({ kind: "resultCount", count: 0 }), "request.completion.result_count"],
    ["a quorum of 0 %", until({ kind: "quorumPercent", percent: 0 }), "request.completion.quorum_percent"],
    [
      "a quorum of 101 %",
      until({ kind: "quorumPercent", percent: 101 }),
      "request.completion.quorum_percent",
    ],
    [
      "a first success that is false",
      until({ kind: "firstSuccess", isSet: false }),
      "request.completion.first_success",
    ],
    ["a stall limit of 0", completion({ stallTimeoutMs: 0 }), "request.completion.stall_timeout"],
    ["a negative stall limit", completion({ stallTimeoutMs: -1 }), "request.completion.stall_timeout"],
    [
      "a malformed stall limit",
      completion({ stallTimeoutMs: "MALFORMED" }),
      "request.completion.stall_timeout",
    ],
    [
      "an unknown loser action",
      completion({ loserAction: "UNKNOWN_ENUM_VALUE" }),
      "request.completion.loser_action",
    ],
    [
      "an unknown action without producers",
      { noProducersAction: "UNKNOWN_ENUM_VALUE" },
      "request.no_producers_action",
    ],
    ["too many producers", selector({ producerIds: ids(1_001) }), "request.selector.producer_ids"],
    ["too many labels", selector({ matchLabels: labels(33) }), "request.selector.match_labels"],
  ])("reject %s, and name its field", (_title, spec, field) => {
    expect(wrongFields(spec)).toEqual([field]);
  });

  it("name all invalid fields at once", () => {
    expect(wrongFields({ topic: "", ttlMs: 0, ...completion({ stallTimeoutMs: 0 }) })).toEqual([
      "request.topic",
      "request.ttl",
      "request.completion.stall_timeout",
    ]);
  });

  it("allow listeners to be excluded only from a gather", () => {
    expect(wrongFields({}, { excludeListeners: true })).toEqual(["exclude_listeners"]);
    expect(wrongFields({}, { excludeListeners: true, gather: true })).toEqual([]);
  });

  it("require a correlation id only in submissions", () => {
    expect(wrongFields({}, { correlationId: "" })).toEqual(["correlation_id"]);
    expect(wrongFields({}, { correlationId: "one" })).toEqual([]);
  });
});
