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
    const environment = { ATE_DISPATCHER_LISTEN: "127.0.0.1:1, 0.0.0.0:2" };

    expect(loadConfig({ environment }).listen).toEqual(["127.0.0.1:1", "0.0.0.0:2"]);
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
      '--listen: listen is ["nowhere"]; use host:port, such as 127.0.0.1:50051, [::1]:50051 or 0.0.0.0:50051',
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
