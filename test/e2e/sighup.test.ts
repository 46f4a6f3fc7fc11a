/** SIGHUP: the end of a terminal for a process that has one, else the wish to reload. */
import { join } from "node:path";
import { NoProducersAction, SummaryReason } from "ate-dispatcher-client/internal";
import { afterEach, describe, expect, it } from "vitest";
import { createProcesses, type RunningProcess } from "../support/processes.js";
import { ROOT } from "../support/root.js";
import { connect, duration } from "../support/wire-client.js";

const processes = createProcesses();
afterEach(() => processes.stopAll());

const SERVE = [process.execPath, join(ROOT, "dist/main.js"), "serve", "--listen", "127.0.0.1:0"];
const TERMINAL = join(ROOT, "test/support/terminal.py");
const NOTHING = /^SIGHUP: no setting can be reloaded/;

async function addressOf({ stdout }: RunningProcess): Promise<string> {
  return (await stdout.next(/^listening on /)).replace("listening on ", "");
}

async function isServing(address: string): Promise<boolean> {
  const acceptance = await connect(address).dispatch({ topic: "nobody" });
  return acceptance !== undefined;
}

describe("without a terminal, SIGHUP", () => {
  it.each([
    ["nohup", "nohup", SERVE],
    ["a shell that ignores SIGHUP", "sh", ["-c", `trap '' HUP; exec "$@"`, "sh", ...SERVE]],
    ["a supervisor", SERVE[0] ?? "", SERVE.slice(1)],
  ])(
    "does not end a server started by %s, which says that it has nothing to reload",
    async (_, command, args) => {
      const server = processes.start(command, args);
      const address = await addressOf(server);
      for (let i = 0; i < 2; i++) {
        server.kill("SIGHUP");
        await server.stderr.next(NOTHING);
      }
      expect(await isServing(address)).toBe(true);
      server.kill("SIGTERM");

      expect(await server.exit()).toEqual({ code: 0, signal: null });
    },
  );

  it("does not end a producer", async () => {
    const { address } = await processes.serve();
    const producer = processes.cli(["produce", "topic1", "--echo", "--address", address]);
    await producer.stderr.next(/^answering/);
    producer.kill("SIGHUP");
    const { stdout } = await processes.run(["gather", "topic1", "--json", "--address", address]);
    expect(stdout).toContain('"event":"result"');
    producer.kill("SIGTERM");

    expect(await producer.exit()).toMatchObject({ signal: null });
  });

  it("does not end a server whose output goes elsewhere when its terminal closes", async () => {
    const terminal = processes.start("python3", [TERMINAL, "none", ...SERVE], { input: "open" });
    const pid = Number((await terminal.stdout.next(/^pid /)).slice(4));
    const address = await addressOf(terminal);
    terminal.stdin.write("hangup\n");
    await terminal.stdout.next(NOTHING);
    expect(await isServing(address)).toBe(true);
    process.kill(pid, "SIGTERM");

    expect(await terminal.stdout.next(/^exit/)).toBe("exit 0");
  });
});

describe("on a terminal, SIGHUP", () => {
  it("starts the drain, and a second SIGHUP does not shorten it: shells send it twice", async () => {
    const terminal = processes.start("python3", [TERMINAL, "all", ...SERVE], { input: "open" });
    const pid = Number((await terminal.stdout.next(/^pid /)).slice(4));
    const client = connect(await addressOf(terminal));
    const producer = await client.producer("answers", ["topic1"]);
    const gather = client.gather({
      topic: "topic1",
      noProducersAction: NoProducersAction.FAIL,
      ttl: duration(60_000),
    });
    const assignment = await producer.next("assignment");
    process.kill(pid, "SIGHUP");
    await gather.next("goAway");
    process.kill(pid, "SIGHUP");
    await producer.next("goAway");
    producer.answer(assignment, "in time");

    expect((await gather.next("summary")).reason).toBe(SummaryReason.ALL_ANSWERED);
    expect(await terminal.stdout.next(/^exit/)).toBe("exit 0");
  });
});
