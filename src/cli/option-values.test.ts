import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { runCli } from "./main.js";

async function run(...args: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCli(args, {
    ...{ stdout, stderr, environment: {}, stdin: new PassThrough(), atExit: () => {} },
    stop: new AbortController().signal,
  });
  return { code, stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}

const DURATIONS = ["4", "0", "-1s", "8d", "25d", "3e9s", "0.1ms", "", "soon"];
const DELAYS = DURATIONS.filter((value) => value !== "0");
const COUNTS = ["0", "-1", "1.5", "", "many", "5000000000"];
const SIZES = ["0", "-1", "0.5B", "", "large", "65MiB", "9000000GiB"];
const ADDRESSES = [
  ...["http://127.0.0.1:50051", "https://localhost:1", "dns:///localhost:1", "localhost", ":50051", ""],
  ...["127.0.0.1:0", "127.0.0.1:70000", "::1:50051", "a:1,b:2"],
];
const PAIRS = ["", "x", "=x"];

const FILES = ["/missing", "/", ""];
const CONNECTION = {
  ...{ "--address": ADDRESSES, "--connect-timeout": DURATIONS },
  ...{
    "--tls-ca": FILES,
    "--tls-cert": FILES,
    "--tls-key": FILES,
    "--server-name": [""],
    "--token-file": FILES,
  },
};
const REQUEST = {
  ...{ "--kw": PAIRS, "--ttl": DURATIONS, "--data-file": ["/missing", "/", ""], "--content-type": [""] },
  ...{ "--attribute": PAIRS, "--id": [""], "--no-producers": ["", "cry"] },
};

/** Impossible values of every option that takes one. */
const OPTIONS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "request t": REQUEST,
  "gather t": {
    ...REQUEST,
    ...{ "--count": COUNTS, "--quorum": [...COUNTS, "101"], "--stall": DURATIONS, "--min": COUNTS },
  },
  "listen t": {
    ...{ "--id": [""], "--group": [""], "--count": COUNTS, "--for": DURATIONS, "--overflow": ["", "weep"] },
  },
  "produce t --exec cat": {
    ...{ "--exec": [""], "--delay": DELAYS, "--concurrency": COUNTS, "--content-type": [""] },
    ...{ "--max-output": SIZES, "--id": [""], "--group": [""], "--label": PAIRS },
  },
  "cancel r": {},
  topics: {},
  producers: {},
  listeners: {},
  requests: { "--count": COUNTS },
  "show r": {},
  top: { "--count": COUNTS, "--rows": COUNTS },
  bench: {
    ...{ "--topics": COUNTS, "--producers": COUNTS, "--listeners": COUNTS, "--requests": COUNTS },
    ...{ "--window": COUNTS, "--rate": COUNTS, "--size": [...SIZES, "3"], "--ttl": DURATIONS },
  },
};

describe.each(Object.entries(OPTIONS))("%s", (command, options) => {
  const all = Object.entries({ ...CONNECTION, ...options });

  it("has an entry in this test for every option that takes a value", async () => {
    const { stdout } = await run(command.split(" ")[0] ?? "", "--help");
    const flags = [...stdout.matchAll(/^ +(?:-\w, )?(--[\w-]+) </gm)].map((match) => match[1]);

    expect(flags.sort()).toEqual(all.map(([flag]) => flag).sort());
  });

  it.each(all)("%s refuses impossible values with a clear text", async (flag, values) => {
    for (const value of values) {
      const { code, stdout, stderr } = await run(...command.split(" "), flag, value);

      expect([value, code, stdout]).toEqual([value, 2, ""]);
      expect(stderr).toMatch(/^error: /);
      expect(stderr).toContain(flag);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(stderr).toMatch(/Use |Add |name a |Allowed choices/);
    }
  });

  it("suggests the nearest option for an unknown one", async () => {
    const { code, stderr } = await run(...command.split(" "), "--adress", "x");

    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: unknown option '--adress'\n\(Did you mean --address\?\)\n/);
  });
});

describe("an option", () => {
  it.each([
    ["--ttl", "4", /Add a unit, such as 4s or 4ms\./],
    ["--address", "http://127.0.0.1:50051", /Use host:port without http:\/\//],
    ["--data-file", "/dev/zero", /\/dev\/zero exceeds 67108864 bytes/],
  ])("%s %s says how to correct it", async (flag, value, text) => {
    const { code, stderr } = await run("request", "t", flag, value);

    expect([code, stderr]).toEqual([2, expect.stringMatching(text)]);
  });
});
