import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { withTimeout } from "../with-timeout.js";
import type { StockPeerKind } from "./stock-peers.js";

/** A line from a peer; README.md describes them. */
export interface PeerEvent {
  readonly event:
    | "live"
    | "ended"
    | "assignment"
    | "delivery"
    | "summary"
    | "listed"
    | "gather.acceptance"
    | "gather.delivery"
    | "gather.summary";
  readonly stream?: string;
  readonly request_id?: string;
  /** Base64 of the message, as the peer encodes what it read. */
  readonly echo?: string;
  readonly error?: string;
}

const EVENT_TIMEOUT_MS = 10_000;
const MAX_NOTES = 2_000;

/** One process with stock stubs: a producer, a listener and a caller. */
export class StockPeer {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #events: PeerEvent[] = [];
  #end: string | undefined;
  #notes = "";
  readonly #waiting = new Set<() => void>();
  readonly #killWithParent = () => void this.#child.kill("SIGKILL");

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    process.once("exit", this.#killWithParent);
    child.stdin?.on("error", () => {});
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#notes = (this.#notes + text).slice(-MAX_NOTES);
    });
    if (child.stdout) createInterface({ input: child.stdout }).on("line", (line) => this.#receive(line));
    this.#gone = new Promise((resolve) => {
      child.once("error", () => resolve());
      child.once("close", (code, signal) => {
        process.off("exit", this.#killWithParent);
        this.#fail(`the process ended with ${signal ?? code}: ${this.#notes.trim()}`);
        resolve();
      });
    });
  }

  /** Starts a peer. Resolves when its streams are live. */
  static async start(kind: StockPeerKind, address: string): Promise<StockPeer> {
    const { program, args, env } = await kind.prepare();
    const trailing = kind.trailing?.() ?? [];
    const child = spawn(program, [...args, address, kind.name, ...trailing], {
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const peer = new StockPeer(kind.name, child);
    await Promise.all(
      ["listen", "produce"].map((name) =>
        peer.#find(`the ${name} stream`, ({ event, stream }) => event === "live" && stream === name),
      ),
    );
    return peer;
  }

  /** The end of one of its streams, or of its process, if there was one. */
  get end(): string | undefined {
    return this.#end;
  }

  /** Begins to gather on a topic. */
  gather(topic: string): void {
    this.#child.stdin?.write(`${JSON.stringify({ gather: topic })}\n`);
  }

  /** Lists the producers. Resolves when the peer has read them. */
  async list(): Promise<void> {
    this.#child.stdin?.write('{"list": true}\n');
    await this.#find("the list of producers", ({ event }) => event === "listed");
  }

  /** Waits until an event of a request has been read. @returns its message. Rejects if a stream ends before. */
  async heard(event: PeerEvent["event"], requestId: string): Promise<Buffer> {
    const found = await this.#find(
      `${event} of ${requestId}`,
      (one) => one.event === event && one.request_id === requestId,
    );
    return Buffer.from(found.echo ?? "", "base64");
  }

  /** Waits until its gather of one of these requests has been accepted. @returns the id of that request. */
  async accepted(requestIds: readonly string[]): Promise<string> {
    const { request_id = "" } = await this.#find(
      "the acceptance of its gather",
      (one) => one.event === "gather.acceptance" && requestIds.includes(one.request_id ?? ""),
    );
    return request_id;
  }

  /** The messages of all events of a request that have been read so far. */
  all(event: PeerEvent["event"], requestId: string): readonly Buffer[] {
    return this.#events
      .filter((one) => one.event === event && one.request_id === requestId)
      .map(({ echo = "" }) => Buffer.from(echo, "base64"));
  }

  /** Forgets what was read. */
  forget(): void {
    this.#events = [];
  }

  /** Kills the process. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#gone;
  }

  async #find(what: string, matches: (event: PeerEvent) => boolean): Promise<PeerEvent> {
    const found = new Promise<PeerEvent>((resolve, reject) => {
      const check = () => {
        const one = this.#events.find(matches);
        if (one === undefined && this.#end === undefined) return;
        this.#waiting.delete(check);
        if (one) resolve(one);
        else reject(new Error(this.#end));
      };
      this.#waiting.add(check);
      check();
    });
    return await withTimeout(found, EVENT_TIMEOUT_MS, () => `${what} did not arrive\n${this.#notes}`.trim());
  }

  #receive(line: string): void {
    const event = JSON.parse(line) as PeerEvent;
    this.#events.push(event);
    if (event.event === "ended") this.#fail(`its ${event.stream} stream ended: ${event.error}`);
    for (const check of [...this.#waiting]) check();
  }

  #fail(end: string): void {
    this.#end ??= end;
    for (const check of [...this.#waiting]) check();
  }
}
