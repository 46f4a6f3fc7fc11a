import { PassThrough } from "node:stream";
import { DispatcherError, type SessionStatus } from "ate-dispatcher-client";
import { describe, expect, it } from "vitest";
import { createOutput } from "./output.js";
import { OutputStream } from "./output-stream.js";
import { createStatusNotes } from "./session-notes.js";
import { WaitingNotes } from "./waiting.js";

function setUp(isJson: boolean) {
  const stderr = new PassThrough();
  const to = (stream: PassThrough) => new OutputStream(stream, new AbortController().signal, () => {});
  const output = createOutput(to(new PassThrough()), to(stderr), {}, isJson);
  let now = 0;
  const onStatus = createStatusNotes(output, new WaitingNotes(output, "127.0.0.1:9", () => now));
  return {
    /** Passes a status at an instant. @returns the lines that it printed. */
    at(ms: number, status: SessionStatus): readonly string[] {
      now = ms;
      onStatus(status);
      return String(stderr.read() ?? "")
        .split("\n")
        .slice(0, -1);
    },
  };
}

const refused = new DispatcherError({ code: 14, details: "connect ECONNREFUSED" });
const disconnected = (retryInMs: number): SessionStatus => ({
  type: "disconnected",
  error: refused,
  retryInMs,
});
const ready: SessionStatus = { type: "ready", id: "p1", sessionId: "s", serverId: "d" };

describe("the notes of a session", () => {
  it("say at most once a second what keeps it", () => {
    const notes = setUp(false);

    expect(notes.at(0, disconnected(100))).toEqual([
      "disconnected from 127.0.0.1:9: UNAVAILABLE: connect ECONNREFUSED; reconnecting in 100 ms",
    ]);
    expect(notes.at(100, disconnected(160))).toEqual([]);
    expect(notes.at(999, disconnected(160))).toEqual([]);
    expect(notes.at(1_000, disconnected(160))).toHaveLength(1);
    expect(notes.at(60_000, disconnected(9_000))).toHaveLength(1);
  });

  it("say each loss of a session that was live", () => {
    const notes = setUp(true);
    notes.at(0, ready);

    expect(notes.at(10, disconnected(100)).map((line) => JSON.parse(line) as object)).toEqual([
      {
        ...{ event: "disconnected", address: "127.0.0.1:9", message: "UNAVAILABLE: connect ECONNREFUSED" },
        retry_in_ms: 100,
      },
    ]);
    expect(notes.at(20, ready)).toHaveLength(1);
    expect(notes.at(30, disconnected(100))).toHaveLength(1);
  });

  it("say what keeps an attempt that takes long, at most once a second in all", () => {
    const notes = setUp(false);
    const error = new DispatcherError({ code: 4, reason: "NO_ANSWER", details: "no answer" });
    const connecting: SessionStatus = { type: "connecting", error, waitedMs: 1_000 };

    expect(notes.at(1_000, connecting)).toEqual(["waiting for 127.0.0.1:9: no answer"]);
    expect(notes.at(1_500, disconnected(100))).toEqual([]);
    expect(notes.at(2_000, connecting)).toHaveLength(1);
  });

  it.each([
    ["SHUTDOWN", "the dispatcher shuts down within 4000 ms"],
    ["CONNECTION_AGE", "the dispatcher ends this connection within 4000 ms"],
  ])("say why the session ends: %s", (reason, text) => {
    expect(setUp(false).at(0, { type: "goingAway", graceMs: 4_000, reason })).toEqual([text]);
    expect(JSON.parse(setUp(true).at(0, { type: "goingAway", graceMs: 4_000, reason })[0] ?? "")).toEqual({
      ...{ event: "going_away", grace_ms: 4_000, reason },
    });
  });

  it("show a fault as an event with its reason", () => {
    const error = new DispatcherError({
      ...{ code: 5, reason: "ASSIGNMENT_NOT_FOUND", details: "no such assignment\u001b" },
      metadata: { assignment_id: "4" },
    });

    expect(JSON.parse(setUp(true).at(0, { type: "fault", error })[0] ?? "")).toEqual({
      ...{ event: "fault", code: 5, reason: "ASSIGNMENT_NOT_FOUND" },
      ...{ message: "NOT_FOUND: no such assignment\u001b", metadata: { assignment_id: "4" } },
    });
    expect(setUp(false).at(0, { type: "fault", error })).toEqual([
      "warning: NOT_FOUND: no such assignment\\u001b",
    ]);
  });
});
