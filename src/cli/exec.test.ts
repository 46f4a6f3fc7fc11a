import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AssignmentContext, ResultInit } from "ate-dispatcher-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { processEnvironment } from "../config/load.js";
import { createExecutor, type Executor } from "./exec.js";
import { pause } from "./time.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ate-exec-"));
});
afterAll(() => rm(folder, { recursive: true }));

function executor(
  command: string,
  settings: { maxOutputBytes?: number; killGraceMs?: number; contentType?: string } = {},
): Executor {
  const limits = { maxOutputBytes: 1_024, killGraceMs: 2_000, ...settings };
  return createExecutor({ command, environment: processEnvironment(), ...limits });
}

function assignment(signal = new AbortController().signal): AssignmentContext {
  return {
    topic: "topic1",
    requestId: "request-1",
    requester: "",
    assignmentId: "a1",
    attempt: 1,
    args: [3, null],
    kwargs: { keyword: "b" },
    data: new Uint8Array([1, 2]),
    contentType: "application/x",
    attributes: { a: "b" },
    context: {},
    signal,
    remainingMs: () => 1_234.5,
    send: async () => {},
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

/** Waits until a file has a complete line. */
async function lineOf(path: string): Promise<string> {
  for (let i = 0; i < 500; i++) {
    try {
      const text = readFileSync(path, "utf8");
      if (text.endsWith("\n")) return text.trim();
    } catch {
      // The file does not exist yet.
    }
    await pause(10);
  }
  throw new Error(`${path} was not written`);
}

describe("a command as a producer", () => {
  it("gets the request as JSON on standard input, and answers with its JSON output", async () => {
    const result = await executor("cat").run(assignment());

    expect(result).toEqual({
      ...{ topic: "topic1", args: [3, null], kwargs: { keyword: "b" } },
      ...{ request_id: "request-1", assignment_id: "a1", attempt: 1, ttl_ms: 1_234 },
      ...{ content_type: "application/x", attributes: { a: "b" }, data: "AQI=" },
    });
  });

  it("finds topic, request and remaining TTL in its environment, and answers with text", async () => {
    const result = await executor('echo "$ATE_TOPIC $ATE_REQUEST_ID $ATE_TTL_MS"').run(assignment());

    expect(result).toBe("topic1 request-1 1234");
  });

  it("need not read its input", async () => {
    const big = { ...assignment(), kwargs: { text: "x".repeat(1_000_000) } };

    expect(await executor("exec <&-; echo 7").run(big)).toBe(7);
  });

  it("answers with an empty text if it prints nothing", async () => {
    expect(await executor("true").run(assignment())).toBe("");
  });

  it("fails with its exit code and the end of its standard error", async () => {
    const failing = executor("yes wide | head -c 100000 >&2; echo the end >&2; exit 3").run(assignment());

    await expect(failing).rejects.toMatchObject({
      code: 2,
      reason: "COMMAND_FAILED",
      details: expect.stringMatching(/^the command exited with code 3: [\s\S]{800,900}\nthe end$/),
      metadata: { exit_code: "3" },
    });
  });

  it("fails with a text of whole characters that a client sends uncut", async () => {
    const failing = executor("yes ää | head -c 100001 >&2; exit 1").run(assignment());

    const { details } = (await failing.catch((error: unknown) => error)) as { readonly details: string };
    expect(details.length).toBeLessThanOrEqual(1_024);
    expect(details.slice(0, -1)).not.toContain("\ufffd");
  });

  it("answers with bytes if it does not print UTF-8", async () => {
    const result = await executor("printf '\\377\\000\\n'").run(assignment());

    const data = Buffer.from([255, 0, 10]);
    expect(result).toEqual(new ResultInit({ data, contentType: "application/octet-stream" }));
  });

  it("answers with bytes of a given content type", async () => {
    const result = await executor("printf '7\\n'", { contentType: "text/plain" }).run(assignment());

    expect(result).toEqual(new ResultInit({ data: Buffer.from("7\n"), contentType: "text/plain" }));
  });

  it("does not wait for child processes that outlive it", async () => {
    const pid = Number(await executor("sleep 600 & echo $!").run(assignment()));

    expect(isAlive(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
  });

  it("does not wait for a child process that keeps its input open", async () => {
    const big = { ...assignment(), kwargs: { text: "x".repeat(1_000_000) } };
    const pid = Number(await executor("exec 3<&0; sleep 600 <&3 3<&- & echo $!").run(big));

    process.kill(pid, "SIGKILL");
    expect(pid).toBeGreaterThan(0);
  });

  it("answers with all that it has printed although a child process keeps its output open", async () => {
    const command = "head -c 1000000 /dev/zero | tr '\\0' x; sleep 30 & exit 0";
    const result = await executor(command, { maxOutputBytes: 2_000_000 }).run(assignment());

    expect(String(result)).toHaveLength(1_000_000);
  });

  it("fails if it is not executable", async () => {
    const path = join(folder, "plain");
    writeFileSync(path, "echo 7\n");

    await expect(executor(path).run(assignment())).rejects.toThrow(/exited with code 126/);
  });

  it("fails if a signal ends it", async () => {
    await expect(executor("kill -KILL $$").run(assignment())).rejects.toThrow(/was ended by SIGKILL/);
  });

  it("fails if the shell does not know it", async () => {
    await expect(executor("no-such-command-here").run(assignment())).rejects.toThrow(/code 127.*not found/);
  });

  it("is ended when it prints more than the limit", async () => {
    await expect(executor("yes", { killGraceMs: 100 }).run(assignment())).rejects.toThrow(
      "printed more than 1024 bytes, the limit; print less, print a reference, or raise --max-output",
    );
  });

  it("is ended with its child processes when the assignment is revoked", async () => {
    const path = join(folder, "pids");
    const revocation = new AbortController();
    const command = `sleep 60 & echo $! > ${path}; wait`;
    const running = executor(command).run(assignment(revocation.signal));
    const pid = Number(await lineOf(path));
    revocation.abort(new Error("EXPIRED"));

    await expect(running).rejects.toThrow("EXPIRED");
    expect(isAlive(pid)).toBe(false);
  });

  it("is killed if it ignores SIGTERM", async () => {
    const path = join(folder, "stubborn");
    const revocation = new AbortController();
    const command = `trap '' TERM; echo $$ > ${path}; while :; do sleep 0.05; done`;
    const running = executor(command, { killGraceMs: 100 }).run(assignment(revocation.signal));
    const pid = Number(await lineOf(path));
    revocation.abort(new Error("EXPIRED"));

    await expect(running).rejects.toThrow("EXPIRED");
    expect(isAlive(pid)).toBe(false);
  });

  it("is killed with its child processes if they ignore SIGTERM and it does not", async () => {
    const path = join(folder, "stubborn-child");
    const revocation = new AbortController();
    const child = "trap '' TERM; while :; do sleep 0.05; done";
    const command = `(${child}) & echo $! > ${path}; wait`;
    const running = executor(command, { killGraceMs: 300 }).run(assignment(revocation.signal));
    const pid = Number(await lineOf(path));
    revocation.abort(new Error("EXPIRED"));

    await expect(running).rejects.toThrow("EXPIRED");
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });

  it("is killed if it prints without end and ignores SIGTERM", async () => {
    await expect(executor("trap '' TERM; yes", { killGraceMs: 100 }).run(assignment())).rejects.toThrow(
      "printed more than 1024 bytes",
    );
  });

  it("is not started for an assignment that is revoked already", async () => {
    const path = join(folder, "never");
    await expect(
      executor(`echo > ${path}`).run(assignment(AbortSignal.abort(new Error("EXPIRED")))),
    ).rejects.toThrow("EXPIRED");
    expect(() => readFileSync(path)).toThrow();
  });

  it("is killed when the process exits", async () => {
    const path = join(folder, "last");
    const running = executor(`trap '' TERM; echo $$ > ${path}; while :; do sleep 0.05; done`);
    const outcome = running.run(assignment());
    await lineOf(path);
    running.killAll();

    await expect(outcome).rejects.toThrow(/SIGKILL/);
  });
});
