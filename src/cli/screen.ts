/**
 * Full-screen output on a terminal: a page that is redrawn, and the keys that end it. Restores the terminal's previous
 * contents at the end.
 */
import type { Process } from "./cli.js";
import { forTerminal, type Terminal } from "./output-stream.js";

/** A terminal in full-screen mode. */
export interface Screen {
  /** The present size of the terminal; 24 by 80 if unknown. */
  readonly rows: number;
  readonly columns: number;
  /** Draws a page, in which all but colours is escaped that a terminal would obey. Cuts off what does not fit. Skips the page while the terminal is congested. */
  draw(lines: readonly string[]): void;
  /** Resolves when q or Ctrl-C is pressed. Never resolves without a keyboard. */
  readonly quit: Promise<void>;
  /** Restores the terminal. */
  close(): void;
}

interface SizedTerminal extends Terminal {
  readonly columns?: number;
  readonly rows?: number;
}

interface Keyboard extends AsyncIterable<Uint8Array> {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): void;
}

const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const HOME = "\u001b[H";
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";
const CTRL_C = 3;

/** Switches the terminal to full-screen mode. */
export function openScreen({ stdin, stdout, atExit }: Pick<Process, "stdin" | "stdout" | "atExit">): Screen {
  const terminal: SizedTerminal = stdout;
  const keyboard: Keyboard = stdin;
  let isOpen = true;
  const hasKeys = keyboard.isTTY === true && keyboard.setRawMode !== undefined;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    if (hasKeys) keyboard.setRawMode?.(false);
    terminal.write(LEAVE);
  };
  atExit(close);
  terminal.write(ENTER);
  if (hasKeys) keyboard.setRawMode?.(true);
  return {
    get rows() {
      return terminal.rows || 24;
    },
    get columns() {
      return terminal.columns || 80;
    },
    draw(lines) {
      if (!isOpen || terminal.writableNeedDrain === true) return;
      const page = lines
        .slice(0, this.rows)
        .map((line) => `${cut(forTerminal(line), this.columns)}${CLEAR_LINE}`);
      terminal.write(`${HOME}${page.join("\r\n")}${CLEAR_BELOW}`);
    },
    quit: hasKeys ? untilQuit(keyboard) : new Promise(() => {}),
    close,
  };
}

async function untilQuit(keyboard: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const keys of keyboard) {
    if (keys.includes(CTRL_C) || /q/i.test(Buffer.from(keys).toString())) return;
  }
  // Losing the keyboard does not end the command.
  await new Promise(() => {});
}

/** Cuts a line to a number of columns, not counting colour codes. */
function cut(line: string, columns: number): string {
  let width = 0;
  let kept = "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes start with one.
  for (const [part] of line.matchAll(/\u001b\[[\d;]*m|./gu)) {
    if (part.length > 2) kept += part;
    else if (width++ < columns) kept += part;
  }
  return kept;
}
