/**
 * Runs the commands of the transcripts on a dispatcher; README.md lists the commands.
 *
 * Only commands advance the clock. `at` and `advance` also wake the dispatcher one millisecond after each of its
 * deadlines, as a timer would. `jump` advances the clock without waking it, as happens in a stalled process.
 */
import { Dispatcher } from "../../src/core/dispatcher.js";
import type { Effect, Replay } from "../../src/core/vocabulary/effect.js";
import type { Input } from "../../src/core/vocabulary/input.js";
import type { Limits } from "../../src/core/vocabulary/limits.js";
import {
  type Completion,
  type Cursor,
  type Failure,
  type Instant,
  type Malformed,
  NO_CONTEXT,
  type NoProducersAction,
  type Payload,
  type Registration,
  type RequestSpec,
  type Selector,
  type SessionKey,
  type Until,
} from "../../src/core/vocabulary/model.js";
import { refusal } from "../../src/core/vocabulary/reason.js";
import { stepToEnd } from "../support/step-to-end.js";
import { Command } from "./command.js";
import { type Names, printEffect, printLookup } from "./print.js";

const SERVER_ID = "s";
/** The name printed as the receiver of a unary response. */
const CALL = "call";

/** Runs the commands of a transcript and replaces the effects below them; everything else stays unchanged. */
export function rerun(transcript: string): string {
  const interpreter = new Interpreter();
  const blocks = transcript
    .trimEnd()
    .split(/\n{2,}/)
    .map((block) => {
      const lines = block.split("\n");
      if (lines.every((line) => line.startsWith("#"))) return block;
      const end = lines.indexOf("----");
      const commands = end < 0 ? lines : lines.slice(0, end);
      const effects = commands.flatMap((line) => (line.startsWith("#") ? [] : interpreter.run(line)));
      return [...commands, "----", ...(effects.length > 0 ? effects : ["ok"])].join("\n");
    });
  return `${blocks.join("\n\n")}\n`;
}

/** Runs commands, one per line. @returns the lines that they print. */
export function effectsOf(commands: string): string[] {
  const interpreter = new Interpreter();
  const lines = commands.split("\n").map((line) => line.trim());
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .flatMap((line) => interpreter.run(line));
}

/** A dispatcher, and the names of its sessions and assignments. */
export class Interpreter {
  private dispatcher = new Dispatcher(SERVER_ID);
  private now: Instant = 0;
  private lastKey: SessionKey = 0;
  /** The newest session of each name. */
  private readonly keys = new Map<string, SessionKey>();
  private readonly sessionNames = new Map<SessionKey, string>();
  /** The newest assignment, by the session's name and the request's id. */
  private readonly assignments = new Map<string, number>();
  /** What each assignment takes of its producer's window, by the session's name and the request's id. */
  private readonly costs = new Map<string, number>();
  private readonly requestIds = new Map<number, string>();
  /** Replays that each listener has not read to the end. */
  private readonly replays = new Map<SessionKey, Replay[]>();
  private readonly names: Names = {
    session: (key) => this.sessionNames.get(key) ?? `session ${key}`,
    assignment: (id) => this.requestIds.get(id) ?? `assignment ${id}`,
  };

  /** Runs one command. @returns the lines that it prints. */
  run(line: string): string[] {
    const command = new Command(line);
    const printed = this.perform(command);
    command.finish();
    return printed;
  }

  private perform(command: Command): string[] {
    switch (command.verb) {
      case "limits":
        this.dispatcher = new Dispatcher(SERVER_ID, command.numbers() as Partial<Limits>);
        return [];
      case "producer":
        return this.openProducer(command);
      case "register": {
        const session = this.session(command);
        const registrations = registrationsOf(command);
        const correlationId = command.text("correlation") ?? "";
        return this.step({ kind: "topicsRegistered", session, registrations, correlationId });
      }
      case "deregister": {
        const session = this.session(command);
        const topics = command.list("topics");
        const correlationId = command.text("correlation") ?? "";
        return this.step({ kind: "topicsDeregistered", session, topics, correlationId });
      }
      case "credit": {
        const session = this.session(command);
        return this.step({ kind: "creditUpdated", session, maxOutstanding: command.count("window") });
      }
      case "written": {
        const name = command.word("producer");
        const cost = (request: string) => this.costs.get(`${name} ${request}`) ?? 0;
        const bytes = command.list("requests").reduce((sum, request) => sum + cost(request), 0);
        return this.step({ kind: "assignmentsWritten", session: this.key(name, command), bytes });
      }
      case "reply":
        return this.reply(command);
      case "mumble":
        return this.step({ kind: "messageMisunderstood", session: this.session(command) });
      case "drain":
        return this.step({ kind: "producerDraining", session: this.session(command) });
      case "listener":
        return this.openListener(command);
      case "update":
        return this.update(command);
      case "pull":
        return this.pull(this.session(command), command.number("bytes") ?? Number.POSITIVE_INFINITY);
      case "caller":
        return this.step({ kind: "callerOpened", session: this.open(command.word("name")) });
      case "finish":
        return this.step({ kind: "callerFinished", session: this.session(command) });
      case "end": {
        const session = this.session(command);
        const refused = command.has("refused") ? refusal("PROTOCOL_VIOLATION", "refused") : undefined;
        return this.step({ kind: "sessionEnded", session, refusal: refused });
      }
      case "age": {
        const session = this.session(command);
        return this.step({ kind: "sessionAging", session, graceMs: command.number("grace") ?? 0 });
      }
      case "close":
        return this.step({ kind: "sessionClosed", session: this.session(command) });
      case "request":
        return this.request(command);
      case "cancel": {
        const requestId = command.word("request");
        const session = command.has("unanswered") ? undefined : this.open(CALL);
        return this.step({ kind: "cancelRequested", session, requestId });
      }
      case "watch":
        return this.step({ kind: "watchStarted" });
      case "unwatch":
        return this.step({ kind: "watchStopped" });
      case "streams":
        return this.step({ kind: "streamsCounted", count: command.count("count") });
      case "server":
        return this.server(command);
      case "at":
        return this.advanceTo(command.count("instant"));
      case "advance":
        return this.advanceTo(this.now + command.count("duration"));
      case "jump":
        this.now += command.count("duration");
        return [];
      case "inspect": {
        const found = this.dispatcher.inspector.request(command.word("request"));
        return found ? printLookup(found) : ["unknown"];
      }
      case "snapshot":
        return [this.snapshot()];
      default:
        throw command.mistake("unknown command");
    }
  }

  private openProducer(command: Command): string[] {
    const name = command.word("name");
    const maxOutstanding = command.number("outstanding") ?? 0;
    const maxBacklog = command.number("backlog") ?? 0;
    const registrations = registrationsOf(command);
    return this.step({
      kind: "producerOpened",
      session: this.open(name),
      sessionId: name,
      producerId: command.text("id") ?? name,
      mintedId: "minted",
      displayName: "",
      labels: pairsOf(command.list("labels")),
      registrations,
      maxOutstanding,
      maxBacklog,
      reportDispositions: command.has("dispositions"),
      peer: "",
    });
  }

  private reply(command: Command): string[] {
    const name = command.word("producer");
    const requestId = command.word("request");
    const owner = command.text("of") ?? name;
    return this.step({
      kind: "resultReturned",
      session: this.key(name, command),
      assignment: this.assignments.get(`${owner} ${requestId}`) ?? 0,
      assignmentText: requestId,
      more: command.has("more"),
      failure: failureOf(command.text("error")),
      payload: bytes(command.text("payload")),
    });
  }

  private openListener(command: Command): string[] {
    const name = command.word("name");
    return this.step({
      kind: "listenerOpened",
      session: this.open(name),
      sessionId: name,
      listenerId: command.text("id") ?? name,
      mintedId: "minted",
      topics: command.list("topics"),
      resumeFrom: command.list("resume").map((text) => cursorOf(text, command)),
      includeLate: command.has("late"),
      includeSummaries: command.has("summaries"),
      overflowAction: command.has("disconnect") ? "DISCONNECT" : "DROP_OLDEST",
      bufferBytes: command.number("buffer") ?? 0,
      group: command.text("group") ?? "",
      cursorsFollow: command.has("follow"),
      peer: "",
    });
  }

  private update(command: Command): string[] {
    const name = command.word("listener");
    const change = { add: command.signed("+"), remove: command.signed("-") };
    if (command.has("by_call")) {
      return this.step({ kind: "listenerUpdated", session: this.open(CALL), listenerId: name, ...change });
    }
    const resumeFrom = command.list("resume").map((text) => cursorOf(text, command));
    const cursorsFollow = command.has("follow");
    const session = this.key(name, command);
    return this.step({ kind: "topicsUpdated", session, ...change, resumeFrom, cursorsFollow });
  }

  /** Reads one slice of each replay. */
  private pull(session: SessionKey, maxBytes: number): string[] {
    const replays = this.replays.get(session) ?? [];
    this.replays.set(session, []);
    const audience = [session];
    return replays.flatMap((replay) => {
      const { gap, deliveries, next } = this.dispatcher.readReplay(replay, replay.from, maxBytes);
      if (next <= replay.last) this.keepReplay({ ...replay, from: next });
      const effects = [
        ...(gap ? [gap] : []),
        ...deliveries.map((each) => ({ ...each, audience, callers: [] })),
      ];
      return effects.map((effect) => printEffect(effect, this.names, this.now));
    });
  }

  private request(command: Command): string[] {
    const name = command.word("name");
    const gather = command.has("gather");
    const caller = command.text("caller");
    const isOwnCall = gather && caller === undefined;
    const printed: string[] = [];
    const session = caller === undefined ? this.open(isOwnCall ? name : CALL) : this.key(caller, command);
    if (isOwnCall) printed.push(...this.step({ kind: "callerOpened", session }));
    const deadlineMs = command.number("deadline");
    const submitted = {
      kind: "requestSubmitted" as const,
      session,
      correlationId: caller === undefined ? undefined : (command.text("correlation") ?? name),
      spec: specOf(command),
      mintedId: name,
      gather,
      excludeListeners: command.has("exclude_listeners"),
      validateOnly: command.has("validate_only"),
      callDeadlineAt: deadlineMs === undefined ? undefined : this.now + deadlineMs,
      context: NO_CONTEXT,
      waitedMs: command.number("waited") ?? 0,
    };
    const digest = JSON.stringify({ ...submitted.spec, requestId: "" });
    printed.push(...this.step({ ...submitted, digest }));
    if (isOwnCall) printed.push(...this.step({ kind: "callerFinished", session }));
    return printed;
  }

  private server(command: Command): string[] {
    const what = command.word("drain or expire");
    if (what === "drain") return this.step({ kind: "drainStarted", graceMs: command.number("grace") ?? 0 });
    if (what === "expire") return this.step({ kind: "drainExpired" });
    throw command.mistake("use drain or expire");
  }

  private advanceTo(instant: Instant): string[] {
    const printed: string[] = [];
    for (let due = this.dispatcher.nextDeadline(); due < instant; due = this.dispatcher.nextDeadline()) {
      this.now = Math.floor(due) + 1;
      printed.push(...this.step({ kind: "clockAdvanced" }).map((line) => `[${this.now}] ${line}`));
    }
    this.now = instant;
    return printed;
  }

  private snapshot(): string {
    const { phase, counts } = this.dispatcher.snapshot();
    const held = Object.entries(counts).filter(([, count]) => count !== 0);
    return [phase, ...held.map(([name, count]) => `${name}=${count}`)].join(" ");
  }

  private step(input: Input): string[] {
    const effects = stepToEnd(this.dispatcher, input, this.now);
    return effects.map((effect) => {
      this.remember(effect);
      return printEffect(this.withOutcomes(effect), this.names, this.now);
    });
  }

  /** A summary without receivers has no outcomes; the transcript then prints those in the record of the request. */
  private withOutcomes(effect: Effect): Effect {
    if (effect.kind !== "summarize" || effect.summary.outcomes) return effect;
    const { summary } = effect;
    const outcomes = this.dispatcher.inspector.request(summary.requestId)?.request.summary.outcomes;
    return { ...effect, summary: { ...summary, outcomes } };
  }

  private remember(effect: Effect): void {
    if (effect.kind === "replay") this.keepReplay(effect);
    if (effect.kind !== "assign") return;
    this.requestIds.set(effect.assignment, effect.requestId);
    const name = `${this.names.session(effect.to)} ${effect.requestId}`;
    this.assignments.set(name, effect.assignment);
    this.costs.set(name, effect.cost);
  }

  private keepReplay(replay: Replay): void {
    this.replays.set(replay.to, [...(this.replays.get(replay.to) ?? []), replay]);
  }

  private open(name: string): SessionKey {
    const key = ++this.lastKey;
    this.keys.set(name, key);
    this.sessionNames.set(key, name);
    return key;
  }

  private session(command: Command): SessionKey {
    return this.key(command.word("session"), command);
  }

  private key(name: string, command: Command): SessionKey {
    const key = this.keys.get(name);
    if (key === undefined) throw command.mistake(`there is no session ${name}`);
    return key;
  }
}

function specOf(command: Command): RequestSpec {
  return {
    topic: command.text("topic") ?? "",
    ttlMs: durationOf("ttl", command),
    requestId: command.text("id") ?? "",
    completion: completionOf(command),
    selector: selectorOf(command.text("select"), command),
    noProducersAction: (command.text("no_producers")?.toUpperCase() ?? "COMPLETE") as NoProducersAction,
    payload: bytes(command.text("payload")),
  };
}

function durationOf(key: string, command: Command): number | Malformed | undefined {
  return command.has(`malformed_${key}`) ? "MALFORMED" : command.number(key);
}

function completionOf(command: Command): Completion {
  return {
    until: untilOf(command.text("until"), command),
    stallTimeoutMs: durationOf("stall", command),
    minResults: command.number("min") ?? 0,
    countErrors: command.has("count_errors"),
    loserAction: command.text("losers") === "let_run" ? "LET_RUN" : "CANCEL",
  };
}

function untilOf(text: string | undefined, command: Command): Until {
  const [kind, value] = text?.split(":") ?? [];
  switch (kind) {
    case undefined:
      return { kind: "all" };
    case "count":
      return { kind: "resultCount", count: Number(value) };
    case "quorum":
      return { kind: "quorumPercent", percent: Number(value) };
    case "first_success":
      return { kind: "firstSuccess", isSet: value !== "false" };
    default:
      throw command.mistake("until is count:n, quorum:n or first_success");
  }
}

/** `ids:a|b;labels:k:v|k:v;max:1` */
function selectorOf(text: string | undefined, command: Command): Selector | undefined {
  if (text === undefined) return undefined;
  let selector: Selector = { producerIds: [], principals: [], matchLabels: [], maxTargets: 0 };
  for (const part of text.split(";")) {
    const [kind, rest = ""] = splitOnce(part);
    if (kind === "ids") selector = { ...selector, producerIds: rest.split("|") };
    else if (kind === "labels") selector = { ...selector, matchLabels: pairsOf(rest.split("|")) };
    else if (kind === "max") selector = { ...selector, maxTargets: Number(rest) };
    else throw command.mistake("select is made of ids:, labels: and max:");
  }
  return selector;
}

/** `topics=a,b/g group=h`: a topic's own group overrides the group of the command. */
function registrationsOf(command: Command): Registration[] {
  const defaultGroup = command.text("group") ?? "";
  return command.list("topics").map((entry) => {
    const [topic = "", group = defaultGroup] = entry.split("/");
    return { topic, group };
  });
}

function failureOf(text: string | undefined): Failure | undefined {
  if (text === undefined) return undefined;
  const [code, message = ""] = splitOnce(text);
  return { code: Number(code), message };
}

function cursorOf(text: string, command: Command): Cursor {
  const [topic, epoch, sequence] = text.split(":");
  if (topic === undefined || epoch === undefined || sequence === undefined) {
    throw command.mistake("a cursor is topic:epoch:sequence");
  }
  return { topic, epoch, sequence: Number(sequence) };
}

function pairsOf(texts: readonly string[]): [string, string][] {
  return texts.map((text) => {
    const [key = "", value = ""] = splitOnce(text);
    return [key, value];
  });
}

function splitOnce(text: string): string[] {
  const at = text.indexOf(":");
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function bytes(text: string | undefined): Payload {
  return new TextEncoder().encode(text ?? "");
}
