import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createProcesses } from "../support/processes.js";
import { type ProduceStream, WireClient } from "../support/wire-client.js";

const shared = createProcesses();
const processes = createProcesses();
let there: readonly string[];
let wire: WireClient;
let producer: ProduceStream;

/** One server serves all tests. `odd` is answered by a peer without a client library, `cat` by a command. */
beforeAll(async () => {
  const { address } = await shared.serve();
  there = ["--address", address];
  wire = new WireClient(address);
  producer = await wire.producer("odd", ["odd"]);
  const cat = shared.cli(["produce", "cat", "--exec", "cat", "--json", ...there]);
  await cat.stderr.next(/"ready"/);
});
afterEach(() => processes.stopAll());
afterAll(async () => {
  wire.close();
  await shared.stopAll();
});

const ODD = {
  numbers: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 2 ** 63, 2 ** 53 + 2],
  text: "\u001b[2J\u009b2J ä",
};

describe("a value that JavaScript treats specially", () => {
  it.each([
    [["--json"], '"value":{"numbers":["NaN","Infinity","-Infinity",-0,9223372036854775808,9007199254740994]'],
    [[], '{"numbers":["NaN","Infinity","-Infinity",-0,9223372036854775808,9007199254740994]'],
  ])("is printed by gather %j as it was sent", async (flags, text) => {
    const gather = processes.cli(["gather", "odd", ...flags, ...there]);
    producer.answer(await producer.next("assignment"), ODD);
    await gather.exit();

    const output = gather.stdout.all.join("\n");
    expect(output).toContain(text);
    expect(output).toContain('"text":"\\u001b[2J\\u009b2J ä"');
  });

  it("reaches a command of --exec as it was sent", async () => {
    const gather = wire.gather({ topic: "cat", args: [ODD.numbers], kwargs: { text: ODD.text } });
    const { result } = await gather.next("delivery");

    expect(result?.outcome).toMatchObject({
      value: {
        args: [["NaN", "Infinity", "-Infinity", -0, 2 ** 63, 2 ** 53 + 2]],
        kwargs: { text: ODD.text },
      },
    });
  });

  it("is no key that is lost", async () => {
    const pairs = ["--kw", "__proto__=1", "--kw", "constructor=2", "--attribute", "__proto__=3"];
    const { stdout } = await processes.run(["gather", "cat", ...pairs, "--json", ...there]);

    expect(stdout).toContain('"kwargs":{"__proto__":1,"constructor":2}');
    expect(stdout).toContain('"attributes":{"__proto__":"3"}');
  });
});

describe("a label", () => {
  it("is shown whatever its key", async () => {
    const label = ["--label", "__proto__=1", "--label", "constructor=2"];
    const labelled = processes.cli(["produce", "labelled", "--echo", ...label, "--json", ...there]);
    await labelled.stderr.next(/"ready"/);

    const list = (...flags: readonly string[]) =>
      processes.run(["producers", "labelled", ...flags, ...there]);
    expect((await list("--json")).stdout).toContain('"labels":{"__proto__":"1","constructor":"2"}');
    expect((await list()).stdout).toMatch(/__proto__=1 constructor=2\n$/);
  });
});

describe("the text of an error", () => {
  it("is printed as UTF-8, without control characters", async () => {
    const gather = processes.cli(["gather", "odd", ...there]);
    const error = { code: 3, message: "größer \u001b]0;owned\u0007", details: [] };
    producer.reply(await producer.next("assignment"), { $case: "error", value: error });
    await gather.exit();

    const [result, , outcome] = gather.stdout.all;
    for (const line of [result, outcome]) expect(line).toContain("größer \\u001b]0;owned\\u0007");
  });

  it("of a refusal is printed as UTF-8, without control characters", async () => {
    const { stderr } = await processes.run(["request", "größer\u001b]0;owned\u0007", ...there]);

    expect(stderr).toMatch(/^error: INVALID_ARGUMENT: request.topic .*größer/);
    expect(stderr).not.toContain("\u001b");
  });
});
