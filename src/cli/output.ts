/**
 * The output of commands: results to standard output, everything else to standard error; as text, or as one JSON object
 * per line.
 */
import type { Environment } from "../config/load.js";
import { plainText } from "../core/vocabulary/plain-text.js";
import { jsonText } from "./json-text.js";
import type { OutputStream, Terminal } from "./output-stream.js";

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
  /** Writes a warning to standard error. @param event - the JSON line. Default: an event `warning` with the text. */
  warn(text: string, event?: object): void;
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
  stdout: OutputStream,
  stderr: OutputStream,
  environment: Environment,
  isJson: boolean,
): Output {
  const paint = createPaint(stdout.terminal, environment);
  const paintError = createPaint(stderr.terminal, environment);
  return {
    isJson,
    paint,
    get isBehind() {
      return stdout.isBehind;
    },
    async result(event, toText) {
      await stdout.write(`${isJson ? jsonText(event) : toText()}\n`);
    },
    note(event, text) {
      void stderr.write(`${isJson ? jsonText(event) : paintError("dim", text)}\n`);
    },
    warn(text, event = { event: "warning", message: text }) {
      void stderr.write(`${isJson ? jsonText(event) : warning(text)}\n`);
    },
  };

  function warning(text: string): string {
    return `${paintError("yellow", "warning:")} ${text}`;
  }
}

/** Escapes what a terminal would obey in a peer's text, and shows a line break as a sign. The result is one line. */
export function sanitize(text: string): string {
  // A pattern for the spaces before a line break would take quadratic time for a long run of spaces.
  const lines = text
    .split(/\n\s*/)
    .map((line, index, { length }) => (index < length - 1 ? line.trimEnd() : line));
  return plainText(lines.join(" ⏎ "));
}
