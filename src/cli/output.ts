/**
 * Where words go: results to standard output, everything else to standard error; for people, or one JSON object a line.
 */
import { on, once } from "node:events";
import type { Environment } from "../config/load.js";

/** A stream of the terminal or of a pipe. */
export interface Terminal extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly writableNeedDrain?: boolean;
}

/** Where a command writes. */
export interface Output {
  readonly isJson: boolean;
  /** Colours for standard output. */
  readonly paint: Paint;
  /**
   * Writes one result: the event as a JSON line, or what `human` makes of it.
   *
   * @returns when more may be written; a reader that pauses makes the writer wait.
   */
  result(event: object, human: () => string): Promise<void>;
  /** Whether what was written waits for its reader. */
  readonly isBehind: boolean;
  /** Writes a remark to standard error: the event as a JSON line, or the text. */
  note(event: object, text: string): void;
  warn(text: string): void;
}

/** Colours a text, or leaves it as it is where colours are not wanted. */
export type Paint = (colour: Colour, text: string) => string;

/** The colours in use. */
export type Colour = keyof typeof CODES;

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;

/** Makes the colours for a stream: none if it is no terminal, or if NO_COLOR is set. */
export function createPaint(stream: Terminal, environment: Environment): Paint {
  const isPlain = !stream.isTTY || Boolean(environment["NO_COLOR"]) || environment["TERM"] === "dumb";
  return isPlain ? (_, text) => text : (colour, text) => `\u001b[${CODES[colour]}m${text}\u001b[0m`;
}

/** Makes the output of a command. */
export function createOutput(
  stdout: Terminal,
  stderr: Terminal,
  environment: Environment,
  isJson: boolean,
): Output {
  const paint = createPaint(stdout, environment);
  const paintError = createPaint(stderr, environment);
  return {
    isJson,
    paint,
    get isBehind() {
      return stdout.writableNeedDrain === true;
    },
    async result(event, human) {
      await write(stdout, isJson ? JSON.stringify(event) : human());
    },
    note(event, text) {
      void write(stderr, isJson ? JSON.stringify(event) : paintError("dim", text));
    },
    warn(text) {
      void write(stderr, isJson ? JSON.stringify({ event: "warning", message: text }) : warning(text));
    },
  };

  function warning(text: string): string {
    return `${paintError("yellow", "warning:")} ${text}`;
  }
}

const broken = new WeakSet<NodeJS.WritableStream>();

/** Writes a line; waits while the reader is behind. After a failure nothing more is written. */
async function write(stream: Terminal, line: string): Promise<void> {
  if (broken.has(stream) || stream.write(`${line}\n`)) return;
  // A stream that breaks meanwhile rejects here, and reports to watchBroken, which knows what to do.
  await once(stream, "drain").catch(() => {});
}

/**
 * Watches a stream for a reader that goes away, as `head` does.
 *
 * @param onBroken - called at the first failure; later ones, from what was already on its way, are ignored.
 */
export async function watchBroken(stream: Terminal, onBroken: () => void): Promise<void> {
  for await (const _ of on(stream, "error")) {
    if (broken.has(stream)) continue;
    broken.add(stream);
    onBroken();
  }
}

/** Takes out of a peer's text what would move the cursor, colour the terminal, or break the line. */
export function harmless(text: string): string {
  return text.replace(/\s*\n\s*/g, " ⏎ ").replace(TROUBLE, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

// Control characters, and those that turn the direction of writing.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go.
const TROUBLE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
