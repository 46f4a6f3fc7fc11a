/**
 * Standard streams that are terminals: what a terminal that is stopped or closed must not do to the process.
 */
import { closeSync, openSync } from "node:fs";
import { isatty } from "node:tty";

/** A standard stream of Node. */
interface StandardStream {
  readonly isTTY?: boolean;
  readonly fd?: number;
}

/** Whether one of the streams is a terminal. */
export function haveTerminal(streams: readonly StandardStream[]): boolean {
  return streams.some(({ isTTY }) => isTTY === true);
}

/**
 * Makes writes to a terminal wait in memory. Node writes to a terminal synchronously: while the terminal takes nothing,
 * as after Ctrl-S, the whole process would stop, with its timers and signals. The handle is internal to Node; without
 * it, terminals stay as they are.
 */
export function unblock(stream: StandardStream): void {
  const { _handle: handle } = stream as { readonly _handle?: { setBlocking?(isBlocking: boolean): void } };
  if (stream.isTTY) handle?.setBlocking?.(false);
}

/**
 * Puts /dev/null in the place of terminals that have closed. Call this last before the exit: Node 20 restores the
 * settings of each terminal when it exits, and crashes with SIGABRT if the terminal has closed.
 */
export function replaceClosedTerminals(streams: readonly StandardStream[]): void {
  for (const [fd, { isTTY }] of streams.entries()) {
    if (!isTTY || isatty(fd)) continue;
    try {
      closeSync(fd);
      // The system gives the lowest free descriptor, which is the one just closed.
      openSync("/dev/null", "r+");
    } catch {
      // Without /dev/null, the descriptor stays closed, and Node skips it.
    }
  }
}
