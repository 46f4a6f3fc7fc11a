/** A dispatcher inside a process: its options, and calls in another order. */
import { pino } from "pino";
import { describe, expect, it, vi } from "vitest";
import { createDispatcher, type DispatcherOptions } from "../../src/compose.js";
import { DispatcherRuntime } from "../../src/runtime/dispatcher-runtime.js";
import { startServer } from "../support/in-process.js";

const create = (options: unknown) => () => createDispatcher(options as DispatcherOptions);
const ignore = () => {};
const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

describe("createDispatcher", () => {
  it.each([
    [{ maxTtl: 5 }, 'options: unknown key "maxTtl"; did you mean maxTtlMs?'],
    [{ maxTtlMs: "5" }, 'options: maxTtlMs is "5"; use a number of milliseconds, 1ms to 7d'],
    [{ Logger: logger }, 'options: unknown key "Logger"; did you mean logger?'],
    [{ logger: null }, "options: logger is null; give an object with the functions debug, info, warn, error"],
    [{ logger: "info" }, "options: logger is a string; give an object"],
    [{ logger: { ...logger, warn: 5 } }, "options: logger has no function warn; give an object"],
    [{ logger: { ...logger, isLevelEnabled: true } }, "options: logger has no function isLevelEnabled; give"],
    [null, "options is null; use an object"],
  ])("refuses %j and says what is valid", (options, message) => {
    expect(create(options)).toThrow(message);
    expect(create(options)).toThrow(expect.objectContaining({ name: "ConfigError" }));
  });

  it.each([
    ["a pino logger", pino({ level: "silent" })],
    ["the console", console],
    ["four functions", logger],
  ])("accepts %s as a logger", (_, given) => {
    expect(create({ logger: given, logLevel: "error" })).not.toThrow();
  });
});

describe("a dispatcher", () => {
  it("that is started twice says so, and goes on to serve", async () => {
    const { dispatcher, address } = await startServer();

    await expect(dispatcher.start()).rejects.toThrow("the dispatcher was already started");
    expect(dispatcher.addresses).toEqual([address]);
  });

  it("that has drained cannot be started, and says so", async () => {
    const dispatcher = createDispatcher({ listen: ["127.0.0.1:0"], logLevel: "silent" });
    await dispatcher.drain();

    await expect(dispatcher.start()).rejects.toThrow("the dispatcher has drained; create another one");
  });

  it("closes everything although its drain fails because of a bug, and rejects", async () => {
    const dispatcher = createDispatcher({ listen: ["127.0.0.1:0"], logLevel: "silent" });
    await dispatcher.start();
    vi.spyOn(DispatcherRuntime.prototype, "drain").mockRejectedValueOnce(new Error("a bug"));
    await expect(dispatcher.drain()).rejects.toThrow("a bug");
    const next = createDispatcher({ listen: dispatcher.addresses, logLevel: "silent" });
    await next.start();
    expect(next.addresses).toEqual(dispatcher.addresses);
    await next.drain();
  });

  it("survives a logger that throws at every line", async () => {
    const fail = () => {
      throw new Error("the disk is full");
    };
    const failing = { debug: fail, info: fail, warn: fail, error: fail, isLevelEnabled: fail };
    const dispatcher = createDispatcher({ listen: ["127.0.0.1:0"], logLevel: "trace", logger: failing });
    await dispatcher.start();
    expect(dispatcher.addresses).toHaveLength(1);
    await dispatcher.drain();
  });
});
