/**
 * The log: each line that docs/operations.md lists is produced, with its level and its fields. What peers write into it
 * is bounded.
 */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { DispatcherOptions } from "../../src/compose.js";
import { Dispatcher } from "../../src/core/dispatcher.js";
import type { Logger } from "../../src/ports/logger.js";
import { DispatcherRuntime } from "../../src/runtime/dispatcher-runtime.js";
import { serve } from "../support/in-process.js";
import { bearer, writeTokenFile } from "../support/token-file.js";
import { connect, duration, type WireClient } from "../support/wire-client.js";
import { refusalOf } from "../support/wire-status.js";

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A server, its log, and a connection to it. */
interface Scene {
  readonly client: WireClient;
  readonly lines: readonly Line[];
  /** Waits for a line. */
  line(msg: string, fields?: object): Promise<Line>;
  stop(): Promise<void>;
  /** Lets the next line fail. */
  fail(): void;
}

async function open(options: DispatcherOptions = {}): Promise<Scene> {
  const lines: Line[] = [];
  let isFailing = false;
  const at = (level: string) => (fields: Line["fields"], msg: string) => {
    if (isFailing) {
      isFailing = false;
      throw new Error("the disk is full");
    }
    lines.push({ level, msg, fields });
  };
  const upper = { info: at("info"), warn: at("warn"), error: at("error") };
  const logger: Logger = { trace: at("trace"), debug: at("debug"), ...upper };
  const { address, stop } = await serve({ logLevel: "trace", ...options, logger });
  onTestFinished(stop);
  const has = (msg: string, fields: object) => (line: Line) =>
    line.msg === msg && Object.entries(fields).every(([key, value]) => line.fields[key] === value);
  return {
    client: connect(address),
    lines,
    stop,
    fail: () => {
      isFailing = true;
    },
    line: (msg, fields = {}) =>
      vi.waitUntil(() => lines.find(has(msg, fields)), { timeout: 30_000, interval: 5 }),
  };
}

/** How each documented line comes about. */
const SCENARIOS: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  configured: async () => {},
  serving: async () => {},
  draining: ({ stop }) => stop(),
  closed: ({ stop }) => stop(),
  "log lines were lost": async ({ client, fail }) => {
    fail();
    await client.dispatch({ topic: "topic1" });
  },
  "a call failed because of a bug": async ({ client }) => {
    vi.spyOn(DispatcherRuntime.prototype, "submit").mockImplementationOnce(() => {
      throw new Error("a bug");
    });
    await refusalOf(client.dispatch({ topic: "topic1" }));
  },
  "work of the server failed because of a bug": async ({ client }) => {
    const step = Dispatcher.prototype.step;
    const spy = vi.spyOn(Dispatcher.prototype, "step").mockImplementation(function (
      this: Dispatcher,
      input,
      now,
    ) {
      if (input.kind === "workContinued") throw new Error("a bug");
      const effects = step.call(this, input, now);
      return input.kind === "requestSubmitted" ? [...effects, { kind: "continue", to: 0 }] : effects;
    });
    onTestFinished(() => spy.mockRestore());
    await client.dispatch({ topic: "topic1" });
  },
  "calls were refused": ({ client }) => refusalOf(client.dispatch({ topic: "topic1" })),
  "session identified": ({ client }) => client.listen({ topics: ["topic1"] }, bearer(TOKEN)).next("ready"),
  "session opened": ({ client }) => client.listener({ topics: ["topic1"] }),
  "session ended": async ({ client }) => (await client.listener({ topics: ["topic1"] })).cancel(),
  "call refused": ({ client }) => refusalOf(client.dispatch({ topic: "not a topic" })),
  "request refused": async ({ client }) => {
    const submit = client.submit();
    submit.submit({ correlationId: "c1", request: { topic: "not a topic" } });
    await submit.next("rejection");
  },
  "message refused": async ({ client }) => {
    const producer = await client.producer("producer1", ["topic1"]);
    producer.send({
      $case: "register",
      value: { registrations: [{ topic: "not a topic" }], correlationId: "c1" },
    });
    await producer.next("fault");
  },
  "request accepted": ({ client }) => client.dispatch({ topic: "topic1" }),
  "request ended": ({ client }) => client.dispatch({ topic: "topic1" }),
};

const TOKEN = "planted-token";
const tokens = writeTokenFile([{ token: TOKEN, id: "orders", groups: ["traders"] }]);
afterAll(tokens.remove);
/** The settings that a line needs. */
const SETTINGS: Readonly<Record<string, DispatcherOptions>> = {
  "calls were refused": { authTokensFile: tokens.path },
  "session identified": { authTokensFile: tokens.path },
};

/** Lines that need a process with a low limit of open files; test/e2e/open-files.test.ts produces them. */
const ELSEWHERE = ["few connections fit into the limit of open files", "connections are refused"];

/** The rows of the table of lines: message, level, and the names of the fields in the third column. */
function documented(): readonly (readonly [msg: string, level: string, fields: readonly string[]])[] {
  const text = readFileSync("docs/operations.md", "utf8");
  const rows = text.matchAll(/^\| `([^`]+)` \| (trace|debug|info|warn|error) \(\d+\) \| (.*)\|$/gm);
  return [...rows].map(([, msg = "", level = "", fields = ""]) => {
    return [msg, level, [...fields.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name)];
  });
}

/** The fields of "session ended" are those of "session opened" and more. */
const inherited = (msg: string) =>
  msg === "session ended" ? ["session", "kind", "id", "sessionId", "peer"] : [];

describe("the documented lines", () => {
  it("are those that the tests below produce", () => {
    const untested = documented().filter(([msg]) => !(msg in SCENARIOS) && !ELSEWHERE.includes(msg));
    expect(untested).toEqual([]);
    expect(Object.keys(SCENARIOS).filter((msg) => !documented().some(([row]) => row === msg))).toEqual([]);
  });

  it.each(documented().filter(([msg]) => msg in SCENARIOS))("%s, %s", async (msg, level, fields) => {
    const scene = await open(SETTINGS[msg]);
    await SCENARIOS[msg]?.(scene);
    const line = await scene.line(msg);

    expect(line.level).toBe(level);
    const unknown = Object.keys(line.fields).filter((key) => ![...fields, ...inherited(msg)].includes(key));
    expect(unknown).toEqual([]);
  });
});

describe("the audit of refusals", () => {
  it("has two lines for a flood, and says why only there", async () => {
    const { client, lines, line, stop } = await open({ authTokensFile: tokens.path });
    const flood = Array.from({ length: 500 }, (_, i) =>
      refusalOf(client.dispatch({ topic: "topic1" }, bearer(`wrong-${i}`))),
    );
    const told = new Set((await Promise.all(flood)).map(({ message }) => message));
    client.listen({ topics: ["topic1"] }, bearer(TOKEN));
    expect((await line("session identified")).fields).toMatchObject({
      method: "/ate.dispatcher.v1.DispatcherService/Listen",
      principal: "orders",
      source: "token",
      groups: ["traders"],
    });
    await stop();

    expect(told.size).toBe(1);
    const why = "the token is unknown";
    const refused = { audit: "refused", peer: "127.0.0.1", reason: "UNAUTHENTICATED", why };
    const audited = lines.filter(({ msg }) => msg === "calls were refused").map(({ fields }) => fields);
    expect(audited).toEqual([
      { ...refused, count: 1 },
      { ...refused, count: 499 },
    ]);
    expect(
      lines.filter(({ msg }) => msg === "call refused").some((one) => JSON.stringify(one).includes(why)),
    ).toBe(false);
    expect(JSON.stringify(lines)).not.toMatch(/planted-token|wrong-/);
  });
});

describe("a refusal", () => {
  it("of a call has its reason, code, peer and field", async () => {
    const { client, line } = await open();
    await refusalOf(client.dispatch({ topic: "not a topic" }));

    expect((await line("call refused")).fields).toMatchObject({
      method: "/ate.dispatcher.v1.DispatcherService/Dispatch",
      peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      ...{ status: "INVALID_ARGUMENT", reason: "INVALID_FIELD", code: 1001, fields: ["request.topic"] },
    });
  });

  it("of a message that grpc-js refuses is seen as well", async () => {
    const { client, line } = await open({ maxMessageBytes: 65_536 });
    await refusalOf(client.dispatchBytes(new Uint8Array(100_000)));

    expect((await line("call refused")).fields).toMatchObject({ reason: "MESSAGE_LIMIT", code: 1208 });
  });

  it("of bytes that are not protobuf is seen as well", async () => {
    const { client, line } = await open();
    await refusalOf(client.dispatchBytes(Uint8Array.of(255, 255, 255)));

    expect((await line("call refused")).fields).toMatchObject({ reason: "MALFORMED_MESSAGE", code: 1002 });
  });
});

describe("a session that ends", () => {
  it.each([
    [
      "DRAINED",
      async (client: WireClient) => (await client.producer("a", ["t"])).send({ $case: "drain", value: {} }),
    ],
    ["LEFT", async (client: WireClient) => (await client.producer("a", ["t"])).halfClose()],
    ["DISCONNECTED", async (client: WireClient) => (await client.listener({ listenerId: "a" })).cancel()],
    [
      "SESSION_REPLACED",
      async (client: WireClient) => {
        await client.producer("a", ["t"]);
        await client.producer("a", ["t"]);
      },
    ],
    [
      "PROTOCOL_VIOLATION",
      async (client: WireClient) => (await client.producer("a", ["t"])).send({ $case: "hello", value: {} }),
    ],
  ])("says why: %s", async (why, end) => {
    const { client, line } = await open();
    await end(client);

    expect((await line("session ended", { why })).fields).toMatchObject({ id: "a" });
  });
});

describe("a log", () => {
  it.each([
    ["info", []],
    ["debug", ["call refused", "session opened"]],
    ["trace", ["call refused", "request accepted", "request ended", "session opened"]],
  ] as const)(
    "of the level %s has the lines of that level and above, and no other",
    async (logLevel, expected) => {
      const { client, lines, stop } = await open({ logLevel });
      await client.listener({ topics: ["topic1"] });
      await client.dispatch({ topic: "topic1", ttl: duration(60_000) });
      await refusalOf(client.dispatch({ topic: "not a topic" }));
      await stop();
      const always = ["configured", "serving", "draining", "closed", "session ended"];

      expect([...new Set(lines.map(({ msg }) => msg))].filter((msg) => !always.includes(msg)).sort()).toEqual(
        expected,
      );
    },
  );

  it("shows a peer's text cut and escaped", async () => {
    const { client, line } = await open();
    const id = `\u001b[2J\u202e${"x".repeat(10_000)}`;
    const producer = client.produce();
    producer.send({ $case: "hello", value: { producerId: id } });
    await producer.ended;
    const submit = client.submit();
    submit.submit({ correlationId: id, request: { topic: id } });
    await submit.next("rejection");
    const { fields } = await line("request refused");

    expect(JSON.stringify(fields)).not.toMatch(/[^\x20-\x7e]/);
    expect(fields["topic"]).toMatch(/^\\u001b\[2J(\\u[0-9a-f]{4})+x+\.\.\.$/);
    expect(JSON.stringify(fields).length).toBeLessThan(3_000);
  });
});
