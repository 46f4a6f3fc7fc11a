/**
 * Plays every character that a terminal obeys through every command, on a pseudo terminal. What a peer says is data: no
 * such character reaches the terminal as it is. Needs python3, and fails without it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  HOSTILE,
  type HostileDispatcher,
  RESULT_COUNT,
  startHostileDispatcher,
} from "../support/hostile-dispatcher.js";
import { ROOT } from "../support/root.js";

const MAIN = join(ROOT, "dist/main.js");
const TERMINAL = join(ROOT, "test/support/terminal.py");
/** An argument cannot hold NUL. */
const TYPED = HOSTILE.replaceAll("\u0000", "");
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must not be seen.
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with one.
const COLOURS = /\u001b\[\d+m/g;
/** What full-screen output sends by itself. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these sequences start with one.
const SCREEN = /\u001b\[(?:\?1049[hl]|\?25[hl]|H|K|J)|\r/g;

let hostile: HostileDispatcher;
let refusing: HostileDispatcher;

beforeAll(async () => {
  hostile = await startHostileDispatcher();
  refusing = await startHostileDispatcher({ refuses: true });
});
afterAll(() => {
  hostile.close();
  refusing.close();
});

/** Commands that end by themselves, by what a report of the test calls them. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  gather: ["gather", "t"],
  request: ["request", "t"],
  validate: ["request", "t", "--validate-only"],
  cancel: ["cancel", "r"],
  show: ["show", "r"],
  requests: ["requests"],
  topics: ["topics"],
  producers: ["producers"],
  listeners: ["listeners"],
  listen: ["listen", "t", "--summaries", "--count", String(RESULT_COUNT + 1)],
  top: ["top", "--count", "1"],
  bench: ["bench", "--requests", "1", "--ttl", "1s"],
};
/** Commands whose calls fail in different ways. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  gather: ["gather", "t"],
  request: ["request", "t"],
  validate: ["request", "t", "--validate-only"],
  show: ["show", "r"],
  topics: ["topics"],
  top: ["top", "--count", "1"],
  bench: ["bench", "--requests", "1", "--ttl", "1s"],
};
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  "topic of gather": ["gather", TYPED],
  "topic of listen": ["listen", TYPED, "--for", "300ms"],
  "topic of topics": ["topics", TYPED],
  option: ["topics", `--${TYPED}`],
  command: [TYPED],
  address: ["topics", "--address", TYPED],
  duration: ["gather", "t", "--ttl", TYPED],
  file: ["gather", "t", "--data-file", TYPED],
  configuration: ["serve", "--config", TYPED],
  "address to listen on": ["serve", "--listen", TYPED],
};

describe.each(["as text", "as JSON"])("%s", (mode) => {
  const flags = mode === "as JSON" ? ["--json"] : [];

  it.each(Object.entries(COMMANDS))(
    "%s shows what a dispatcher says without a raw character",
    async (_, args) => {
      const shown = await onTerminal([...args, ...flags, "--address", hostile.address]);

      expect(rawIn(shown)).toEqual([]);
      // The figures of bench hold no text of a peer.
      if (mode === "as JSON" && args[0] !== "bench") expect(valuesOf(shown).some(holdsHostile)).toBe(true);
    },
  );

  it.each(Object.entries(REFUSED))("%s shows a refusal without a raw character", async (_, args) => {
    const shown = await onTerminal([...args, ...flags, "--address", refusing.address]);

    expect(rawIn(shown)).toEqual([]);
    if (mode === "as JSON") expect(valuesOf(shown)).not.toEqual([]);
  });

  it.each([[["listen", "t"]], [["produce", "t", "--echo"]]])(
    "%j waits, and says why without a raw character",
    async (args) => {
      const shown = await onTerminal([...args, ...flags, "--address", refusing.address], /waiting|error/);

      expect(rawIn(shown)).toEqual([]);
    },
  );

  it("produce shows assignments and faults without a raw character", async () => {
    const args = ["produce", "t", "--echo", ...flags, "--address", hostile.address];
    const shown = await onTerminal(args, /answered/);

    expect(rawIn(shown)).toEqual([]);
    if (mode === "as JSON") expect(valuesOf(shown).some(holdsHostile)).toBe(true);
  });
});

it.each(Object.entries(ARGUMENTS))("the %s is shown without a raw character", async (_, args) => {
  const hasAddress = args[0] === "serve" || args.includes("--address");
  const shown = await onTerminal([...args, ...(hasAddress ? [] : ["--address", refusing.address])]);

  expect(rawIn(shown)).toEqual([]);
});

it("top shows what a dispatcher says without a raw character on the whole screen", async () => {
  const shown = await onTerminal(["top", "--address", hostile.address], /late\/s 0/);

  expect(rawIn(shown.replaceAll(SCREEN, ""))).toEqual([]);
});

/** The characters that reached the terminal raw. */
function rawIn(shown: string): readonly string[] {
  expect(shown).not.toBe("");
  const raw = new Set(shown.replaceAll(COLOURS, "").match(RAW));
  return [...raw].map((char) => `U+${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function valuesOf(shown: string): readonly unknown[] {
  const lines = shown.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as unknown);
}

/** Whether a reader of JSON gets a text as it was sent. */
function holdsHostile(value: unknown): boolean {
  if (typeof value === "string") return value.includes(HOSTILE);
  return typeof value === "object" && value !== null && Object.values(value).some(holdsHostile);
}

/**
 * Runs a command whose standard streams are a terminal.
 *
 * @param until - when this is seen, the command gets SIGTERM.
 * @returns what reached the terminal. Fails if that is not UTF-8.
 */
async function onTerminal(args: readonly string[], until?: RegExp): Promise<string> {
  const child = spawn("python3", [TERMINAL, "all", process.execPath, MAIN, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => endOf(child));
  let output = Buffer.alloc(0);
  let isEnding = false;
  child.stdout.on("data", (bytes: Buffer) => {
    output = Buffer.concat([output, bytes]);
    if (isEnding || !until?.test(String(output))) return;
    isEnding = true;
    process.kill(Number(/^pid (\d+)/.exec(String(output))?.[1]), "SIGTERM");
  });
  await once(child, "close");
  const text = new TextDecoder("utf-8", { fatal: true }).decode(output);
  return text.replace(/^pid \d+\n/, "").replace(/\nexit -?\d+\n$/, "");
}

function endOf(child: ChildProcess): void {
  if (child.exitCode === null) child.kill("SIGTERM");
}
