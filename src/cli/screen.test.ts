import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { openScreen } from "./screen.js";

/** A terminal with 3 lines, 10 columns and a keyboard. */
function terminal() {
  const stdout = Object.assign(new PassThrough(), { isTTY: true, rows: 3, columns: 10 });
  const modes: boolean[] = [];
  const setRawMode = (isRaw: boolean) => void modes.push(isRaw);
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode });
  const cleanups: (() => void)[] = [];
  const atExit = (cleanup: () => void) => void cleanups.push(cleanup);
  return { stdout, stdin, modes, cleanups, atExit, written: () => String(stdout.read() ?? "") };
}

describe("the screen", () => {
  it("restores the terminal exactly once", () => {
    const { written, modes, cleanups, ...process } = terminal();
    const screen = openScreen(process);

    expect([written(), ...modes]).toEqual(["\u001b[?1049h\u001b[?25l", true]);
    screen.close();
    for (const cleanup of cleanups) cleanup();
    screen.draw(["too late"]);
    expect([written(), ...modes]).toEqual(["\u001b[?25h\u001b[?1049l", true, false]);
  });

  it("cuts off what does not fit, but keeps colour codes", () => {
    const { written, ...process } = terminal();
    const screen = openScreen(process);
    written();
    screen.draw(["\u001b[31m0123456789abc\u001b[0m", "b", "c", "d"]);

    expect(written()).toBe("\u001b[H\u001b[31m0123456789\u001b[0m\u001b[K\r\nb\u001b[K\r\nc\u001b[K\u001b[J");
  });

  it.each(["q", "Q", "\u0003"])("ends at key %j, but not at other keys", async (key) => {
    const { stdin, ...process } = terminal();
    const screen = openScreen({ stdin, ...process });
    const quit = screen.quit.then(() => "quit");

    stdin.write("x\u001b[A");
    expect(await Promise.race([quit, new Promise((resolve) => setImmediate(resolve, "open"))])).toBe("open");
    stdin.write(key);
    expect(await quit).toBe("quit");
  });
});
