/**
 * Sends messages of one kind to a server and checks what the peers with stock stubs read of them.
 */
import { isDeepStrictEqual } from "node:util";
import {
  GatherResponse,
  ListenResponse,
  OutcomeState,
  ProduceResponse,
  Request,
  Result,
} from "ate-dispatcher-client/internal";
import * as fc from "fast-check";
import { bytesField } from "../../support/wire-bytes.js";
import type { GatherCase, ListenerCase } from "../../support/wire-client.js";
import type { Refused } from "../../support/wire-status.js";
import { Server } from "../server.js";
import { Attacker, RESULT_TOPIC, reasonOf } from "./attacker.js";
import type { Kind } from "./kind.js";
import { numberValue, request, result, type Sample } from "./sample.js";
import { StockPeer } from "./stock-peer.js";
import type { StockPeerKind } from "./stock-peers.js";

/** Samples of each kind: with all kinds, a run takes about 20 s. */
const SAMPLES = 12;
const REQUEST_REASONS = ["MALFORMED_MESSAGE", "INVALID_FIELD"];

/** What failed, by name of the peer. */
export type Problems = ReadonlyMap<string, string>;

/** A server, an attacker, and one peer of each stock library. */
export class StockBed {
  readonly #kinds: readonly StockPeerKind[];
  readonly #seed: number;
  readonly #server = new Server();
  #peers: readonly StockPeer[] = [];
  #attacker: Attacker | undefined;

  /** @param seed - makes the samples; printed by the caller, so that a failed run can be repeated. */
  constructor(kinds: readonly StockPeerKind[], seed: number) {
    this.#kinds = kinds;
    this.#seed = seed;
  }

  /**
   * Sends samples of a kind, each between two good messages. Stops at the first problem. Then the next kind gets a new
   * server and new peers.
   */
  async run(kind: Kind): Promise<Problems> {
    const samples = fc.sample(kind.samples, { seed: this.#seed, numRuns: SAMPLES });
    const good: Kind = { ...kind, verdict: "accepted", isUnambiguous: true };
    const steps: readonly (readonly [Sample, Kind])[] = [
      [GOOD_REQUEST, good],
      ...samples.map((sample) => [sample, kind] as const),
      [GOOD_REQUEST, good],
      [GOOD_RESULT, good],
    ];
    for (const [sample, expected] of steps) {
      const problems = await this.#expect(sample, expected).catch((error: Error) =>
        this.#forAll(error.message),
      );
      if (problems.size > 0) return await this.#fail(problems, sample);
    }
    return new Map();
  }

  /** Ends all processes. @returns the errors that the server logged. */
  async close(): Promise<readonly string[]> {
    await Promise.all(this.#peers.map((peer) => peer.kill()));
    this.#attacker?.close();
    this.#peers = [];
    this.#attacker = undefined;
    const errors = await this.#server.drain();
    await this.#server.kill();
    return errors;
  }

  async #open(): Promise<void> {
    if (this.#attacker) return;
    const address = await this.#server.start();
    this.#attacker = await Attacker.connect(address);
    this.#peers = await Promise.all(this.#kinds.map((kind) => StockPeer.start(kind, address)));
  }

  async #fail(problems: Problems, { target, message }: Sample): Promise<Problems> {
    const errors = await this.close();
    const sent = `the ${target} was ${message.toString("hex").slice(0, 400)}`;
    const logged = errors.map((error) => `the server logged an error: ${error}`);
    return new Map([...problems].map(([name, why]) => [name, [why, sent, ...logged].join("\n")]));
  }

  async #expect(sample: Sample, kind: Kind): Promise<Problems> {
    await this.#open();
    const found = await this.#problemsOf(sample, kind);
    for (const peer of this.#peers) {
      if (peer.end !== undefined) found.set(peer.name, peer.end);
      peer.forget();
    }
    return found;
  }

  async #problemsOf(sample: Sample, kind: Kind): Promise<Map<string, string>> {
    switch (sample.target) {
      case "request":
      case "submission":
        return await this.#request(sample, kind);
      case "result":
        return await this.#result(sample, kind);
      case "hello":
        return await this.#hello(sample, kind);
    }
  }

  async #request(sample: Sample, kind: Kind): Promise<Map<string, string>> {
    const attacker = this.#connected();
    const { target, message } = sample;
    const outcome = await (target === "submission" ? attacker.submit(message) : attacker.dispatch(message));
    if ("reason" in outcome) return this.#forAll(requestProblem(outcome, sample, kind));
    if (kind.verdict === "refused") return this.#forAll("the server accepted it");
    const { requestId, targets } = outcome;
    return await this.#forEach(async (peer) => {
      await peer.heard("summary", requestId);
      // A selector may have chosen none of the peers.
      if (!targets.some(({ producerId }) => producerId === peer.name)) return;
      const assigned = await peer.heard("assignment", requestId);
      const [one] = ProduceResponse.decode(assigned).messages;
      const read = one?.message?.$case === "assignment" ? one.message.value.request : undefined;
      if (kind.isUnambiguous) same(read, Request.decode(sample.message));
    });
  }

  /** Each peer lists the producers while there is one with this Hello. */
  async #hello(sample: Sample, kind: Kind): Promise<Map<string, string>> {
    let problems = new Map<string, string>();
    const refused = await this.#connected().hello(sample.message, async () => {
      problems = await this.#forEach((peer) => peer.list());
    });
    return refused ? this.#forAll(requestProblem(refused, sample, kind)) : problems;
  }

  /** Each peer gathers the result; all of them also listen. */
  async #result(sample: Sample, kind: Kind): Promise<Map<string, string>> {
    const attacker = this.#connected();
    for (const peer of this.#peers) peer.gather(RESULT_TOPIC);
    const ids: string[] = [];
    for (const _ of this.#peers) {
      const assignment = await attacker.assignment();
      ids.push(assignment.requestId);
      attacker.reply(assignment, sample.message);
    }
    const refused = new Set<boolean>();
    const problems = await this.#forEach(async (peer) => {
      for (const id of ids) {
        const summary = await peer.heard("summary", id);
        refused.add(isRefused(peer.all("delivery", id), summary));
      }
      const own = await peer.accepted(ids);
      await peer.heard("gather.summary", own);
      if (!refused.has(true) && kind.isUnambiguous) checkResults(peer, own, sample);
    });
    if (problems.size > 0) return problems;
    if (refused.size > 1) return this.#forAll("the same result was accepted and refused");
    if (refused.has(true)) {
      for (const _ of ids) {
        const reason = await attacker.fault();
        if (reason !== "MALFORMED_RESULT") return this.#forAll(`the Fault has the reason ${reason}`);
      }
    }
    if (refused.has(true) && kind.verdict === "accepted") return this.#forAll("the server refused it");
    if (refused.has(false) && kind.verdict === "refused") return this.#forAll("the server accepted it");
    return problems;
  }

  #connected(): Attacker {
    if (this.#attacker === undefined) throw new Error("the attacker is not connected");
    return this.#attacker;
  }

  #forAll(problem: string | undefined): Map<string, string> {
    return new Map(problem === undefined ? [] : this.#kinds.map(({ name }) => [name, problem]));
  }

  async #forEach(check: (peer: StockPeer) => Promise<void>): Promise<Map<string, string>> {
    const problems = new Map<string, string>();
    await Promise.all(
      this.#peers.map((peer) =>
        check(peer).catch((error: Error) => void problems.set(peer.name, error.message)),
      ),
    );
    return problems;
  }
}

const GOOD_REQUEST = request(undefined, bytesField(2, bytesField(1, numberValue(42))));
const GOOD_RESULT = result(undefined, bytesField(1, numberValue(42)));

/** What is wrong with a refusal; undefined if nothing. */
function requestProblem(refused: Refused, { path }: Sample, { verdict }: Kind): string | undefined {
  const { code, reason, message, fields } = refused;
  const shown = `the server refused it with ${code} ${reason}: ${message} ${fields.join(", ")}`;
  if (verdict === "accepted") return shown;
  if (code !== "INVALID_ARGUMENT" || !REQUEST_REASONS.includes(reason)) return shown;
  const isNamed = path === undefined || message.includes(path) || fields.some((one) => one.startsWith(path));
  return isNamed ? undefined : `${shown}, which does not name ${path}`;
}

/** Whether the result of the attacker was malformed, so that its outcome is FAILED and the server's error came instead. */
function isRefused(deliveries: readonly Buffer[], summary: Buffer): boolean {
  if (deliveries.length !== 1) throw new Error(`${deliveries.length} results of one reply arrived`);
  const [delivery] = deliveries.map((bytes) => ListenResponse.decode(bytes).events[0]?.event);
  const result = resultIn(delivery);
  const error = result?.outcome?.$case === "error" ? result.outcome.value : undefined;
  if (reasonOf(error) !== "MALFORMED_RESULT") return false;
  const [one] = ListenResponse.decode(summary).events;
  const [outcome] = one?.event?.$case === "summary" ? one.event.value.outcomes : [];
  if (outcome?.state !== OutcomeState.FAILED) throw new Error(`its outcome is ${outcome?.state}, not FAILED`);
  return true;
}

function resultIn(event: ListenerCase | GatherCase | undefined): Result | undefined {
  return event?.$case === "delivery" ? event.value.result : undefined;
}

function checkResults(peer: StockPeer, requestId: string, { message }: Sample): void {
  const wanted = Result.decode(message);
  const listened = peer
    .all("delivery", requestId)
    .map((bytes) => ListenResponse.decode(bytes).events[0]?.event);
  const gathered = peer
    .all("gather.delivery", requestId)
    .map((bytes) => GatherResponse.decode(bytes).events[0]?.event);
  for (const [event] of [listened, gathered]) same(resultIn(event), wanted);
}

function same(read: unknown, sent: unknown): void {
  if (!isDeepStrictEqual(plain(read), plain(sent)))
    throw new Error(`it read ${shown(read)}, not ${shown(sent)}`);
}

/** A message with bytes as text, because decoders use different types for them. */
function plain(message: unknown): unknown {
  if (message instanceof Uint8Array) return Buffer.from(message).toString("hex");
  if (Array.isArray(message)) return message.map(plain);
  if (typeof message !== "object" || message === null) return message;
  return Object.fromEntries(Object.entries(message).map(([key, value]) => [key, plain(value)]));
}

function shown(message: unknown): string {
  const text = JSON.stringify(plain(message), (_, one) => (typeof one === "bigint" ? String(one) : one));
  return (text ?? "nothing").slice(0, 300);
}
