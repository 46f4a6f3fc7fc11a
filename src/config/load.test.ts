import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../core/vocabulary/limits.js";
import { ConfigError } from "./error.js";
import { completeConfig, loadConfig } from "./load.js";
import { CONFIG_KEYS, DEFAULT_CONFIG } from "./schema.js";

const folder = mkdtempSync(join(tmpdir(), "ate-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string, name = "dispatcher.yaml"): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** The problems of a configuration, without the name of the temporary folder. */
function problemsOf(sources: Parameters<typeof loadConfig>[0]): readonly string[] {
  try {
    loadConfig(sources);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((line) => line.replaceAll(`${folder}/`, ""));
  }
}

describe("the configuration", () => {
  it("has all defaults if nothing is set", () => {
    expect(loadConfig({})).toEqual(DEFAULT_CONFIG);
    expect(loadConfig({})).toMatchObject(DEFAULT_LIMITS);
  });

  it("overrides the file by the environment, and both by flags", () => {
    const config = loadConfig({
      file: file("defaultTtlMs: 1s\nmaxTtlMs: 10s\nheartbeatMs: 1s\n"),
      environment: { ATE_DISPATCHER_MAX_TTL_MS: "20s", ATE_DISPATCHER_HEARTBEAT_MS: "2s" },
      flags: { heartbeatMs: "3s" },
    });

    expect(config).toMatchObject({ defaultTtlMs: 1_000, maxTtlMs: 20_000, heartbeatMs: 3_000 });
  });

  it("finds its file through the environment", () => {
    const ATE_DISPATCHER_CONFIG = file("logLevel: debug\n");

    expect(loadConfig({ environment: { ATE_DISPATCHER_CONFIG } }).logLevel).toBe("debug");
  });

  it("accepts numbers, units, switches and lists", () => {
    const config = loadConfig({
      file: file(
        "maxTtlMs: 60000\nretainedBytes: 64MiB\nreflection: off\nlisten: [localhost:0, '[::1]:0']\n",
      ),
    });

    expect(config).toMatchObject({ maxTtlMs: 60_000, retainedBytes: 67_108_864, reflection: false });
    expect(config.listen).toEqual(["localhost:0", "[::1]:0"]);
  });

  it("splits a list in a variable at commas", () => {
    const environment = { ATE_DISPATCHER_LISTEN: "127.0.0.1:1, [::1]:2" };

    expect(loadConfig({ environment }).listen).toEqual(["127.0.0.1:1", "[::1]:2"]);
  });

  it("is frozen, and does not freeze its input", () => {
    const listen = ["127.0.0.1:0"];
    const config = completeConfig({ listen });

    expect(Object.isFrozen(config) && Object.isFrozen(config.listen)).toBe(true);
    expect(Object.isFrozen(listen)).toBe(false);
  });

  it("accepts every default as it is shown", () => {
    for (const key of CONFIG_KEYS) {
      expect(completeConfig({ [key]: DEFAULT_CONFIG[key] })).toEqual(DEFAULT_CONFIG);
    }
  });

  it("treats an empty file and an empty variable as not set", () => {
    const environment = { ATE_DISPATCHER_LISTEN: "", ATE_DISPATCHER_CONFIG: "" };

    expect(loadConfig({ file: file("# nothing yet\n"), environment })).toEqual(DEFAULT_CONFIG);
  });

  it("ignores the variables that Kubernetes sets for a service of this name", () => {
    const environment = {
      ATE_DISPATCHER_SERVICE_HOST: "10.0.0.1",
      ATE_DISPATCHER_SERVICE_PORT_GRPC: "50051",
      ATE_DISPATCHER_PORT: "tcp://10.0.0.1:50051",
      ATE_DISPATCHER_PORT_50051_TCP_ADDR: "10.0.0.1",
      ATE_DISPATCHER_ADMIN_SERVICE_HOST: "10.0.0.2",
      ATE_DISPATCHER_ADDRESS: "10.0.0.1:50051",
    };

    expect(problemsOf({ environment })).toEqual([]);
  });
});

describe("a mistake in the configuration", () => {
  it("in a file names file and line", () => {
    expect(problemsOf({ file: file("# ours\nmaxTtlMs: soon\n") })).toEqual([
      'dispatcher.yaml:2: maxTtlMs is "soon"; use 1ms to 7d (a plain number is in milliseconds; units: ms, s, m, h, d)',
    ]);
  });

  it("in the environment names the variable", () => {
    expect(problemsOf({ environment: { ATE_DISPATCHER_MAX_SESSIONS: "0" } })).toEqual([
      'ATE_DISPATCHER_MAX_SESSIONS: maxSessions is "0"; use 1 to 1,000,000 (whole numbers)',
    ]);
  });

  it("in a flag names the flag", () => {
    expect(problemsOf({ flags: { listen: ["nowhere"] } })).toEqual([
      '--listen: listen is ["nowhere"]; use host:port, such as 127.0.0.1:50051, [::1]:50051 or 0.0.0.0:50051, or unix:/path; plain: or tls: may stand before it',
    ]);
  });

  it.each([
    ["maxTtl: 1", "dispatcher.yaml:1: unknown key maxTtl; did you mean maxTtlMs?"],
    ["max-ttl-ms: 1", "dispatcher.yaml:1: unknown key max-ttl-ms; did you mean maxTtlMs?"],
    ["maxTtlMs:", "dispatcher.yaml:1: maxTtlMs has no value; add one or remove the line"],
    ["logLevel: loud", 'is "loud"; use one of trace, debug, info, warn, error, fatal, silent'],
    ["reflection: maybe", 'dispatcher.yaml:1: reflection is "maybe"; use true or false'],
    ["maxSessions: 1.5", "maxSessions is 1.5; use 1 to 1,000,000 (whole numbers)"],
    ["maxSessions: [1]", "maxSessions is [1]; use 1 to 1,000,000 (whole numbers)"],
    ["listen: []", "dispatcher.yaml:1: listen is []; use host:port"],
    ["- a\n- b", 'dispatcher.yaml:1: the file must be a list of "key: value" lines'],
    ["maxTtlMs: 1s\nmaxTtlMs: 2s", "dispatcher.yaml:2: Map keys must be unique"],
    ["maxTtlMs: 'open", "dispatcher.yaml:1: Missing closing 'quote"],
    ["maxTtlMs: *nobody", "dispatcher.yaml:1: Unresolved alias"],
  ])("%j is reported", (text, problem) => {
    const problems = problemsOf({ file: file(text) });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it("in an unknown variable names the nearest", () => {
    expect(problemsOf({ environment: { ATE_DISPATCHER_LOGLEVEL: "info" } })).toEqual([
      "ATE_DISPATCHER_LOGLEVEL: unknown variable; did you mean ATE_DISPATCHER_LOG_LEVEL?",
    ]);
  });

  it("between two keys names both keys and their sources", () => {
    const problems = problemsOf({ file: file("maxTtlMs: 1s\n"), flags: { defaultTtlMs: "2s" } });

    expect(problems).toEqual([
      '--default-ttl-ms: defaultTtlMs is "2s"; must not exceed maxTtlMs, which is 1s; ' +
        "lower the one or raise the other (maxTtlMs is set by dispatcher.yaml:1)",
    ]);
  });

  it("between a key and a default names the default", () => {
    expect(problemsOf({ flags: { maxTtlMs: "1s" } })).toEqual([
      "defaults: defaultTtlMs is 5s by default; must not exceed maxTtlMs, which is 1s; " +
        "lower the one or raise the other (maxTtlMs is set by --max-ttl-ms)",
    ]);
  });

  it("in limits that would leave dead peers undetected is reported", () => {
    expect(problemsOf({ flags: { maxConnectionAgeMs: "30s" } })[0]).toContain(
      "must exceed keepaliveTimeMs + keepaliveTimeoutMs, which is 50s",
    );
  });

  it("is reported together with all others", () => {
    const environment = { ATE_DISPATCHER_NONSENSE: "1", ATE_DISPATCHER_MAX_TOPICS: "many" };

    expect(problemsOf({ environment, flags: { logLevel: "loud" } })).toHaveLength(3);
  });

  it("of a missing file is one line", () => {
    expect(problemsOf({ file: join(folder, "missing.yaml") })).toEqual([
      "--config: cannot read missing.yaml (ENOENT); name a readable YAML file",
    ]);
    expect(problemsOf({ environment: { ATE_DISPATCHER_CONFIG: folder } })[0]).toMatch(
      /^ATE_DISPATCHER_CONFIG: cannot read .*\(EISDIR\)/,
    );
  });
});

describe("options in code", () => {
  /** The problems of options, as JavaScript passes them. */
  function problemsIn(options: unknown): readonly string[] {
    try {
      completeConfig(options, { logger: () => undefined });
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.problems;
    }
  }

  it.each([
    [{ maxTtl: 5 }, 'options: unknown key "maxTtl"; did you mean maxTtlMs?'],
    [{ loger: {} }, 'options: unknown key "loger"; did you mean logger?'],
    [{ "listen\u001b": [] }, 'options: unknown key "listen\\u001b"; did you mean listen?'],
    [JSON.parse('{"__proto__":{"maxTtlMs":5}}'), 'options: unknown key "__proto__"; did you mean'],
    [{ maxTtlMs: "5" }, 'options: maxTtlMs is "5"; use a number of milliseconds, 1ms to 7d'],
    [{ maxTtlMs: null }, "options: maxTtlMs is null; use a number of milliseconds, 1ms to 7d"],
    [{ maxTtlMs: 5n }, "options: maxTtlMs is 5; use a number of milliseconds, 1ms to 7d"],
    [{ maxTtlMs: Number.NaN }, "options: maxTtlMs is NaN; use 1ms to 7d"],
    [{ maxTtlMs: Number.POSITIVE_INFINITY }, "options: maxTtlMs is Infinity; use 1ms to 7d"],
    [{ maxTtlMs: -1 }, "options: maxTtlMs is -1; use 1ms to 7d"],
    [{ heartbeatMs: 20.5 }, "options: heartbeatMs is 20.5; use 10ms to 1h"],
    [{ retainedBytes: "1MiB" }, 'options: retainedBytes is "1MiB"; use a number of bytes, 0 to 64GiB'],
    [{ maxSessions: true }, "options: maxSessions is true; use a number, 1 to 1,000,000"],
    [{ reflection: "yes" }, 'options: reflection is "yes"; use a boolean, true or false'],
    [{ reflection: null }, "options: reflection is null; use a boolean, true or false"],
    [{ logLevel: "loud" }, 'options: logLevel is "loud"; use one of trace'],
    [{ logLevel: 30 }, "options: logLevel is 30; use a string, trace, debug"],
    [{ listen: "127.0.0.1:0" }, 'options: listen is "127.0.0.1:0"; use an array of strings, host:port'],
    [{ listen: [50_051] }, "options: listen is [50051]; use an array of strings, host:port"],
    [{ listen: ["http://a"] }, 'options: listen is ["http://a"]; use host:port'],
    [{ listen: [] }, "options: listen is []; use host:port"],
    [{ listen: () => [] }, "options: listen is a function; use an array of strings"],
    [null, "options is null; use an object"],
    ["127.0.0.1:0", 'options is "127.0.0.1:0"; use an object'],
    [[], "options is []; use an object"],
  ])("are refused with key, value and range (%#)", (options, problem) => {
    const problems = problemsIn(options);

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it("are refused all together", () => {
    expect(problemsIn({ maxTtl: 5, maxTopics: "5", logLevel: "loud" })).toHaveLength(3);
  });

  it("may be undefined, and may hold what others read", () => {
    expect(problemsIn({ maxTtlMs: undefined, unknown: undefined, logger: 5 })).toEqual([]);
  });

  it("that cannot be shown are refused all the same", () => {
    const circular: unknown[] = [];
    circular.push(circular);

    expect(problemsIn({ listen: circular })[0]).toContain("listen is an array that cannot be shown; use");
  });

  it("show long keys and values cut", () => {
    const long = "x".repeat(1_000_000);

    expect(problemsIn({ [long]: 1, logLevel: long }).join().length).toBeLessThan(500);
  });
});

describe("a number that is none", () => {
  it.each([".nan", ".inf", "-.inf", "-5", "1e400"])("is refused in a file: %s", (text) => {
    expect(problemsOf({ file: file(`maxTtlMs: ${text}\n`) })[0]).toMatch(
      /maxTtlMs is -?(NaN|Infinity|5); use/,
    );
  });

  it.each(["NaN", "Infinity", "-5", "1.5", "1e3", "0x10", "5 s 5", "null"])(
    "is refused in a variable: %s",
    (text) => {
      expect(problemsOf({ environment: { ATE_DISPATCHER_MAX_TTL_MS: text } })).toHaveLength(1);
    },
  );
});
