import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Environment } from "../config/load.js";
import { flagOf } from "../config/names.js";
import { CONFIG_KEYS } from "../config/schema.js";
import { runCli } from "./main.js";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line that needs no dispatcher. */
async function run(args: readonly string[], environment: Environment = {}): Promise<Outcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCli(args, {
    ...{ stdout, stderr, environment },
    stdin: new PassThrough(),
    stop: new AbortController().signal,
    atExit: () => {},
  });
  return { code, stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}

describe("the command line", () => {
  it("prints its help on standard output", async () => {
    const { code, stdout, stderr } = await run(["--help"]);

    expect([code, stderr]).toEqual([0, ""]);
    for (const command of ["serve", "request", "gather", "listen", "produce", "cancel"]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command} `, "m"));
    }
    expect(stdout).toContain("Exit codes: 0 done");
  });

  it.each(["serve", "request", "gather", "listen", "produce", "cancel", "bench", "token"])(
    "has examples for %s",
    async (command) => {
      const { code, stdout } = await run([command, "--help"]);

      expect(code).toBe(0);
      expect(stdout).toMatch(/Examples:\n( {2}\$ .*\n)+/);
      expect(stdout).toContain(`$ ate-dispatcher ${command}`);
    },
  );

  it("has a flag with help for every configuration key", async () => {
    const { stdout } = await run(["serve", "--help"]);

    for (const key of CONFIG_KEYS) expect(stdout).toMatch(new RegExp(`^ +${flagOf(key)} `, "m"));
  });

  it("prints its version", async () => {
    expect(await run(["--version"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it("prints the help and fails without a command", async () => {
    const { code, stdout, stderr } = await run([]);

    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: ate-dispatcher");
  });

  it.each<[args: string[], message: RegExp]>([
    [["lissen", "a"], /unknown command 'lissen'\n\(Did you mean listen\?\)\ntry ate-dispatcher --help\n$/],
    [["serve", "--maxTtlMs", "1s"], /unknown option '--maxTtlMs'\n\(Did you mean --max-ttl-ms\?\)\n/],
    [["serve", "extra"], /too many arguments/],
    [["request"], /missing required argument 'topic'\ntry ate-dispatcher request --help\n$/],
    [
      ["request", "a", "--ttl", "soon"],
      /option '-t, --ttl <duration>' argument 'soon' is invalid. Use 1ms to 7d/,
    ],
    [["request", "a", "--kw", "x"], /argument 'x' is invalid. Use key=value/],
    [["request", "a", "--no-producers", "cry"], /Allowed choices are complete, fail, wait/],
    [["request", "a", "--address", "nowhere"], /argument 'nowhere' is invalid. Use host:port/],
    [["request", "a", "--data-file", "/missing"], /--data-file: cannot read \/missing \(ENOENT\)/],
    [["gather", "a", "--first", "--count", "2"], /option '--(first|count <n>)' cannot be used with option/],
    [["gather", "a", "--quorum", "0"], /argument '0' is invalid. Use 1 to 100/],
    [["listen", "a", "--overflow", "weep"], /Allowed choices are drop-oldest, disconnect/],
    [["produce", "a"], /no answer is defined; add --echo or --exec 'command'/],
    [["produce", "a", "--echo", "--exec", "cat"], /cannot be used with option/],
    [["serve", "--log-level", "loud"], /--log-level: logLevel is "loud"; use one of trace/],
    [["serve", "--config", "/missing.yaml"], /--config: cannot read \/missing.yaml \(ENOENT\)/],
  ])("%j is an error with a clear text", async (args, message) => {
    const { code, stdout, stderr } = await run(args);

    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: /);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect([code, stdout]).toEqual([2, ""]);
  });

  it("names the variable that holds a bad address", async () => {
    const { code, stderr } = await run(["request", "a"], { ATE_DISPATCHER_ADDRESS: "nowhere" });

    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: ATE_DISPATCHER_ADDRESS is "nowhere". Use host:port/);
  });
});
