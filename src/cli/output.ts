/**
 * The output of commands: results to standard output, everything else to standard error; as text, or as one JSON object
 * per line.
 */
import { on, once } from "node:events";
import type { Environment } from "../config/load.js";

/** An output stream: a terminal, a pipe or a file. */
export interface Terminal extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly writableNeedDrain?: boolean;
}

/** The output of a command. */
export interface Output {
  readonly isJson: boolean;
  /** Colours text for standard output. */
  readonly paint: Paint;
  /**
   * Writes one result to standard output: `event` as a JSON line, or the text that `toText` returns.
   *
   * @returns a promise that resolves when the stream takes more; await it, to follow the pace of a slow reader.
   */
  result(event: object, toText: () => string): Promise<void>;
  /** Whether standard output is congested because its reader is slow. */
  readonly isBehind: boolean;
  /** Writes a note to standard error: `event` as a JSON line, or `text`. */
  note(event: object, text: string): void;
  /** Writes a warning to standard error. */
  warn(text: string): void;
}

/** Colours a text, or returns it unchanged if colours are off. */
export type Paint = (colour: Colour, text: string) => string;

/** The names of the colours. */
export type Colour = keyof typeof CODES;

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;

/** Creates the colouring for a stream. Colours are off if it is not a terminal, or if NO_COLOR is set. */
export function createPaint(stream: Terminal, environment: Environment): Paint {
  const isPlain = !stream.isTTY || Boolean(environment["NO_COLOR"]) || environment["TERM"] === "dumb";
  return isPlain ? (_, text) => text : (colour, text) => `\u001b[${CODES[colour]}m${text}\u001b[0m`;
}

/** Creates the output of a command. */
export function createOutput(
  stdout: Terminal,
  stderr: Terminal,
  environment: Environment,
  isJson: boolean,
): Output {
  const paint = createPaint(stdout, environment);
  const paintError = createPaint(stderr, environment);
  const [writeResult, writeNote] = [lineWriter(stdout), lineWriter(stderr)];
  return {
    isJson,
    paint,
    get isBehind() {
      return stdout.writableNeedDrain === true;
    },
    async result(event, toText) {
      await writeResult(isJson ? JSON.stringify(event) : toText());
    },
    note(event, text) {
      void writeNote(isJson ? JSON.stringify(event) : paintError("dim", text));
    },
    warn(text) {
      void writeNote(isJson ? JSON.stringify({ event: "warning", message: text }) : warning(text));
    },
  };

  function warning(text: string): string {
    return `${paintError("yellow", "warning:")} ${text}`;
  }
}

/**
 * Creates a function that writes a line and waits while the stream is congested. It drops lines after the stream has
 * failed.
 */
function lineWriter(stream: Terminal): (line: string) => Promise<void> {
  let isBroken = false;
  void watchBroken(stream, () => {
    isBroken = true;
  });
  return async (line) => {
    if (isBroken || stream.write(`${line}\n`)) return;
    // If the stream fails, this rejects. The failure is handled by watchBroken.
    await once(stream, "drain").catch(() => {});
  };
}

/**
 * Detects that the reader of a stream has closed it, as `head` does.
 *
 * @param onBroken - called at the first failure. Further failures, of writes that were pending, are ignored.
 */
export async function watchBroken(stream: Terminal, onBroken: () => void): Promise<void> {
  let isBroken = false;
  for await (const _ of on(stream, "error")) {
    if (!isBroken) onBroken();
    isBroken = true;
  }
}

/** Escapes the control characters in a peer's text, which could move the cursor or break the line. */
export function sanitize(text: string): string {
  return text.replace(/\s*\n\s*/g, " ⏎ ").replace(UNSAFE, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

// Control characters, and characters that change the direction of text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are to be escaped.
const UNSAFE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
