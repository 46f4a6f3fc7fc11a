/** The table "What one peer can take" of docs/limits.md: its figures are those of the code, and its names exist. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CONFIG_KEYS } from "../src/config/schema.js";
import { MAX_LABELS, MAX_PRODUCER_IDS, maxCursors } from "../src/core/vocabulary/limits.js";
import { MIN_LARGE_BYTES, MIN_SHARED_BYTES } from "../src/core/vocabulary/model.js";
import { REASONS } from "../src/core/vocabulary/reason.js";
import { MAX_PATTERN_TOKENS } from "../src/core/vocabulary/topic.js";
import { MAX_EVENTS } from "../src/grpc/rpc/event-log.js";
import { partialLimits } from "../src/grpc/transport/partial-messages.js";
import { MAX_NESTED_MESSAGES } from "../src/grpc/wire/payload-walk.js";
import { contextValue } from "../src/grpc/wire/trace-context.js";

/** A document whose line breaks are spaces. */
function prose(path: string): string {
  return readFileSync(path, "utf8").replaceAll(/\s+/g, " ");
}

interface Row {
  readonly bound: string;
  readonly told: string;
  readonly all: string;
}

const HEADING = "## What one peer can take";
const COLUMNS = 5;
const KIB = 1_024;
const MIB = 1_024 * KIB;

function section(): string {
  const text = readFileSync("docs/limits.md", "utf8");
  const begin = text.indexOf(HEADING);
  const end = text.indexOf("\n## ", begin + 1);
  return text.slice(begin, end < 0 ? undefined : end);
}

/** The rows of the table by resource. */
function rows(): ReadonlyMap<string, Row> {
  const cells = section()
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.split("|").slice(1, -1))
    .filter((row) => row.length === COLUMNS)
    .map((row) => row.map((cell) => cell.trim()));
  return new Map(
    cells
      .slice(1)
      .map(([resource = "", bound = "", , told = "", all = ""]) => [resource, { bound, told, all }]),
  );
}

function row(resource: string): Row {
  const found = rows().get(resource);
  if (!found) throw new Error(`the table has no row "${resource}"`);
  return found;
}

/** A number that a source file gives a name; numbers that peers never see are not exported. */
function constant(path: string, name: string): number {
  const text = readFileSync(`src/${path}`, "utf8");
  const [, factors] = new RegExp(`^(?:export )?const ${name} = ([\\d_ *]+);`, "m").exec(text) ?? [];
  if (factors === undefined) throw new Error(`${path} has no number ${name}`);
  return factors.split("*").reduce((product, factor) => product * Number(factor.replaceAll("_", "")), 1);
}

/** The burst and the rate of an allowance, as the table shows them. */
function allowances(path: string): readonly string[] {
  const text = readFileSync(`src/${path}`, "utf8");
  return [...text.matchAll(/\{ burst: ([\d_]+), perSecond: ([\d_]+) \}/g)].flatMap(([, ...figures]) =>
    figures.map((figure) => count(Number(figure.replaceAll("_", "")))),
  );
}

function count(value: number): string {
  return value.toLocaleString("en");
}

function bytes(value: number): string {
  return value % MIB === 0 ? `${value / MIB} MiB` : `${value / KIB} KiB`;
}

function seconds(ms: number): string {
  return `${ms / 1_000} s`;
}

/** The figures of a cell, with their units if these are of time or bytes. The 20 is a version of Node. */
function figures(cell: string): readonly string[] {
  return (cell.replaceAll(/`[^`]*`/g, "").match(/\b\d[\d,]*(?: (?:ms|s|KiB|MiB)\b)?/g) ?? []).filter(
    (figure) => figure !== "20",
  );
}

/** The longest value of a key of trace context. */
function longest(key: string): number {
  let length = 1;
  while (contextValue(key, "x".repeat(length + 1)) !== undefined) length++;
  return length;
}

const edge = { maxMessageBytes: MIB, firstMessageTimeoutMs: 1 } as Parameters<typeof partialLimits>[0];
const small = partialLimits({ ...edge, maxMessageBytes: 64 * KIB });
const large = partialLimits({ ...edge, maxMessageBytes: 64 * MIB });
const slices = (name: string) => constant("runtime/slices.ts", name);
const faults = (name: string) => constant("core/rules/faults.ts", name);
const paging = (name: string) => constant("grpc/rpc/paging.ts", name);
const status = (name: string) => constant("grpc/wire/status.ts", name);
const retry = seconds(constant("core/rules/shares.ts", "RETRY_AFTER_MS"));

/** The figures of the code, in the order of the cell. Every other cell has none. */
const FIGURES: Readonly<Record<string, Partial<Record<keyof Row, readonly string[]>>>> = {
  "loop time": { bound: [`${slices("SLICE_MS")} ms`], all: [`${slices("TURN_MS")} ms`] },
  "messages that wait": {
    bound: [bytes(slices("MAX_WAITING_BYTES")), bytes(slices("MAX_WAITING_REQUEST_BYTES"))],
    all: [bytes(constant("runtime/intake.ts", "MAX_QUEUED_BYTES"))],
  },
  "held bytes": { told: [retry] },
  "sessions, and streams that watch": { told: [retry] },
  topics: { told: [retry] },
  connections: { all: [count(constant("grpc/server.ts", "MAX_CONNECTIONS"))] },
  "resets, useless frames": {
    bound: [
      ...allowances("grpc/transport/peer-connection.ts"),
      ...allowances("grpc/transport/peer.ts").slice(0, 2),
    ],
    told: [
      ...allowances("grpc/transport/peer.ts").slice(2),
      seconds(constant("grpc/transport/peer.ts", "PENALTY_MS")),
    ],
  },
  "partial messages": {
    bound: [
      count(large.maxConnectionBytes / (64 * MIB)),
      bytes(small.maxConnectionBytes),
      count(small.maxPeerBytes / small.maxConnectionBytes),
    ],
  },
  "unread answers": {
    bound: [bytes(constant("grpc/transport/unread-answers.ts", "MAX_UNREAD_BYTES"))],
    told: ["1 s"],
  },
  "Watch queues": {
    bound: [bytes(constant("grpc/rpc/watch-feed.ts", "MAX_MESSAGE_BYTES"))],
    all: [count(MAX_EVENTS), bytes(constant("grpc/rpc/event-log.ts", "MAX_BYTES"))],
  },
  "faults, invalid requests": {
    bound: [count(faults("MAX_FAULTS")), count(faults("MAX_FAULTS_PER_SECOND"))],
    told: [`${faults("MAX_FAULTS") / faults("MAX_FAULTS_PER_SECOND")} s`],
  },
  "entries of a message": {
    bound: [
      count(MAX_LABELS),
      count(MAX_PRODUCER_IDS),
      count(maxCursors({ maxRegistrationsPerSession: 1 })),
      count(constant("grpc/wire/entry-counts.ts", "MAX_OTHER_FIELDS")),
    ],
  },
  "pattern tokens": { bound: [count(MAX_PATTERN_TOKENS)] },
  "page size": {
    bound: [count(paging("MAX_PAGE_SIZE")), bytes(paging("MAX_PAGE_BYTES")), count(paging("MAX_VISITED"))],
  },
  "trace context": { bound: ["traceparent", "tracestate", "baggage"].map((key) => count(longest(key))) },
  "error texts": {
    bound: [
      count(constant("grpc/wire/decode-result.ts", "MAX_FAILURE_LENGTH")),
      count(constant("core/vocabulary/model.ts", "MAX_KEPT_FAILURE")),
      count(status("MAX_MESSAGE_BYTES")),
      count(status("MAX_VALUE_BYTES")),
    ],
  },
};

describe("what one peer can take", () => {
  it.each([...rows().keys()])("has the figures of the code: %s", (resource) => {
    const { bound, told, all } = row(resource);
    const expected = FIGURES[resource] ?? {};
    expect({ bound: figures(bound), told: figures(told), all: figures(all) }).toEqual({
      bound: expected.bound ?? [],
      told: expected.told ?? [],
      all: expected.all ?? [],
    });
  });

  it("has a row for each figure that is checked", () => {
    expect([...rows().keys()]).toEqual(expect.arrayContaining(Object.keys(FIGURES)));
  });

  it("names settings and reasons that exist", () => {
    const table = section()
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .join("\n");
    const settings = [...table.matchAll(/`([a-z]+[A-Z]\w*)`/g)].map(([, name = ""]) => name);
    expect(settings.filter((name) => !CONFIG_KEYS.some((key) => key === name))).toEqual([]);
    const reasons = table.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? [];
    expect(reasons.filter((name) => name !== "ENHANCE_YOUR_CALM" && !Object.hasOwn(REASONS, name))).toEqual(
      [],
    );
  });

  it("names every reason of a limit", () => {
    const limits = Object.keys(REASONS).filter((name) => name.endsWith("_LIMIT"));
    // These are about one message alone; "What happens at a limit" and docs/errors.md explain them.
    const ofOneMessage = ["METADATA_LIMIT", "MESSAGE_LIMIT"];
    expect(limits.filter((name) => !ofOneMessage.includes(name) && !section().includes(name))).toEqual([]);
  });
});

describe("the sentences about bounds", () => {
  const nuisance = allowances("grpc/transport/peer-connection.ts");
  const eventLog = (name: string) => constant("grpc/rpc/event-log.ts", name);
  const costs = (name: string) => constant("core/state/costs.ts", name);
  const topicCost = costs("REGISTRATION_BYTES") + costs("NAME_BYTES") + costs("TEXT_BYTES");
  const patternCost = costs("REGISTRATION_BYTES") + costs("PATTERN_BYTES") + costs("TEXT_BYTES");
  const changes = count(constant("grpc/rpc/change-limiter.ts", "MAX_IDS"));
  const tens = (value: number) => String(Math.round(value / 10) * 10);
  const hundreds = (value: number) => String(Math.round(value / 100) * 100);

  it.each([
    `**A pattern** has at most ${MAX_PATTERN_TOKENS} tokens`,
    `take at most ${bytes(8 * constant("core/state/route-cache.ts", "MAX_WORDS"))} for all topics`,
    `more than ${count(faults("MAX_FAULTS"))} Faults at once, or more than ${faults("MAX_FAULTS_PER_SECOND")} a second`,
    `and ${constant("core/state/pending-request.ts", "SENT_BYTES")} bytes. Until then`,
    `**A payload** of ${bytes(MIN_LARGE_BYTES)} or more is in memory once`,
    `a payload of ${bytes(MIN_SHARED_BYTES)} or more that waits for producers or callers`,
    `4 x \`maxMessageBytes\` (at least ${bytes(small.maxConnectionBytes)}) of each connection`,
    `${small.maxPeerBytes / small.maxConnectionBytes} times that budget on all connections of one peer`,
    `beyond ${bytes(constant("grpc/transport/unread-answers.ts", "MAX_UNREAD_BYTES"))}, its further unary calls`,
    `the limit of open files, or of ${count(constant("grpc/server.ts", "MAX_CONNECTIONS"))}.`,
    `(${nuisance[0]} at once, ${nuisance[1]} a second; on Node 20 ${nuisance[2]} and ${nuisance[3]})`,
    `after ${bytes(paging("MAX_PAGE_BYTES"))} (or one entry that is longer), or after ${count(paging("MAX_VISITED"))} visited`,
    `the latest ${count(MAX_EVENTS)} events, at most about ${bytes(eventLog("MAX_BYTES"))}`,
    `one message of about ${bytes(constant("grpc/rpc/watch-feed.ts", "MAX_MESSAGE_BYTES"))}`,
    `at most ${changes} producers and ${changes} listeners are`,
    `A stream is charged with ${constant("core/vocabulary/held-bytes.ts", "STREAM_BYTES") / 1_000} KB`,
    `about ${tens(topicCost)} bytes for a topic or ${tens(patternCost)} for a pattern`,
    `with its text and ${costs("TOPIC_BYTES")} bytes, or ${costs("TOPIC_BYTES") + costs("IDLE_TOPIC_BYTES")} while`,
    `about ${hundreds(costs("ASSIGNMENT_BYTES"))} bytes for each producer that it asks`,
    `${costs("OUTCOME_BYTES")} for each producer after its end`,
    `${bytes(constant("core/state/ended-requests.ts", "MAX_BYTES_PER_RECORD"))} each on average`,
  ])("of limits.md have the figures of the code: %s", (sentence) => {
    expect(prose("docs/limits.md")).toContain(sentence);
  });

  it.each([
    `cause ${count(faults("MAX_FAULTS"))} Faults at once and ${faults("MAX_FAULTS_PER_SECOND")} a second`,
    `at most ${MAX_NESTED_MESSAGES} nested messages`,
  ])("of errors.md have the figures of the code: %s", (sentence) => {
    expect(prose("docs/errors.md")).toContain(sentence);
  });
});
