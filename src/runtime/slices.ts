/**
 * Processes messages in slices, so that no message holds the event loop.
 *
 * A message becomes inputs one by one. When it has used up its slice, the rest waits, and other streams get their turns.
 * The sessions that wait go on at the end of each turn of the event loop, each for one slice. Peers take turns, and so do the
 * sessions of a peer. The rest of a message with requests waits in the intake, beside the requests of other callers.
 *
 * Other work of a peer waits in the same queue once a turn has used up its time: a thousand sessions that end together, or
 * a thousand questions, would otherwise hold the event loop as one long message would.
 *
 * The order of a stream holds. While anything of a session waits, its later messages and its half-close wait behind it,
 * and reading is paused if they are many. A step that the core continues goes ahead of everything that the session sends.
 */
import type { Input } from "../core/vocabulary/input.js";
import type { Instant, SessionKey } from "../core/vocabulary/model.js";
import type { Clock } from "../ports/clock.js";
import type { FromPeer, InputStream, MessageInputs, TakeMessage } from "../ports/runtime.js";
import { FairQueue } from "./fair-queue.js";
import type { Intake } from "./intake.js";
import { ArrivedMessage, SessionWork } from "./session-work.js";

/** Time that one message or continuation gets before others, in milliseconds. */
const SLICE_MS = 2;
/** Time of a turn of the event loop after which further work waits, in milliseconds. */
const TURN_MS = 5;
/** Reading pauses while messages of this size wait, in bytes. A message that waits alone may be larger. */
const MAX_WAITING_BYTES = 64 * 1024;
/**
 * The same for streams with requests. It is larger, because requests that wait in this process are known to wait and can
 * be rejected; requests that wait in the transport cannot.
 */
const MAX_WAITING_REQUEST_BYTES = 4 * 1024 * 1024;
/** Limit of all waiting bytes. Beyond it, reading pauses on every stream whose message must wait. */
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

/** Applies inputs to the core. */
export interface SliceDriver {
  /** Whether an input is being applied. */
  readonly isRunning: boolean;
  /** Applies one input. */
  submit(input: Input): void;
  /** Applies inputs for a time. @returns whether all inputs are applied. */
  runFor(ms: number, inputs: MessageInputs, now: Instant): boolean;
  /** Ends `runFor` after the input that is being applied. */
  interrupt(): void;
}

/** The messages that are being processed, and those that wait. */
export class Slices {
  /** The sessions of which something waits. */
  private readonly works = new Map<SessionKey, SessionWork>();
  /** Work for the end of the turn. Sessions that go on with requests are in the intake. */
  private readonly queue = new FairQueue<(now: Instant) => void>();
  private waitingBytes = 0;
  /** The session whose message is being processed. */
  private current: SessionKey | undefined = undefined;

  /** @param onFailed - called if a step that the core continues fails by a bug. The core has dropped the rest of the work. */
  constructor(
    private readonly clock: Clock,
    private readonly driver: SliceDriver,
    private readonly intake: Intake,
    private readonly onFailed: (session: SessionKey, bug: unknown) => void,
  ) {}

  /** The number of pieces of work for the end of this turn. */
  get length(): number {
    return this.queue.length;
  }

  /** Processes a message, as far as its slice goes: at once, or later in the order of its stream. */
  receive(stream: InputStream, byteLength: number, take: TakeMessage): void {
    if (!stream.carriesRequests) {
      const now = this.clock.now();
      const hasTime = this.intake.spentMs(now) < TURN_MS;
      this.process(new ArrivedMessage(stream, byteLength, take, 0), now, hasTime);
      return;
    }
    const mustPause = this.intake.isFull;
    if (mustPause) stream.pause();
    const processMessage = (waitedMs: number, now: Instant): void => {
      this.process(new ArrivedMessage(stream, byteLength, take, waitedMs), now, true);
      if (mustPause && !this.works.get(stream.session)?.paused) stream.resume();
    };
    this.intake.schedule(byteLength, processMessage, stream.owner);
  }

  /** Does other work of a peer, now or in a later turn; see `Runtime.inTurn`. */
  inTurn(from: FromPeer, work: () => void): void {
    const now = this.clock.now();
    this.intake.beginTurn(now);
    const mustWait =
      this.intake.spentMs(now) >= TURN_MS || (this.queue.length > 0 && this.queue.has(from.peer));
    if (mustWait) this.queue.add(from.peer, work);
    else work();
  }

  /** Submits `workContinued` for a session later, ahead of everything that the session sends. */
  continueLater(session: SessionKey, peer: string): void {
    const work = this.workOf(session, peer);
    work.needsContinue = true;
    if (session === this.current) this.driver.interrupt();
    if (!work.isQueued) this.enqueue(work, this.clock.now());
  }

  /** Drops the messages of a session whose stream has ended. A continuation stays: the core may have work left. */
  drop(session: SessionKey): void {
    const work = this.works.get(session);
    if (!work) return;
    this.waitingBytes -= work.byteLength;
    work.byteLength = 0;
    for (let message = work.messages.take(); message; message = work.messages.take()) release(message);
    work.paused = undefined;
    if (!work.needsContinue) this.works.delete(session);
  }

  /** Does the work that waits, each piece once at most, until the time is used up. */
  run(startedAt: Instant, ms: number): void {
    let now = startedAt;
    for (let left = this.queue.length; left > 0 && now - startedAt < ms; left--) {
      this.queue.take()?.(now);
      now = this.clock.now();
    }
  }

  /** @param hasTime - whether the message may be processed in this turn. */
  private process(message: ArrivedMessage, now: Instant, hasTime: boolean): void {
    const { session, isNew, owner } = message.stream;
    message.stream.isNew = false;
    const mustWait =
      !hasTime ||
      this.driver.isRunning ||
      (this.works.size > 0 && this.works.has(session)) ||
      // Otherwise an older session of an id could replace a newer one, because its Hello waits.
      (isNew && this.queue.length > 0 && this.queue.has(owner.peer));
    if (!mustWait && this.advance(message, now)) return;
    const work = this.workOf(session, message.stream.owner.peer);
    message.wait(now);
    if (mustWait) work.messages.add(message);
    else work.messages.addFirst(message);
    work.byteLength += message.cost;
    this.waitingBytes += message.cost;
    message.stream.owner.charge(message.cost);
    this.pauseIfFull(work, message.stream);
    if (!work.isQueued) this.enqueue(work, now);
  }

  /** Gives a session its slice. */
  private goOn(work: SessionWork, now: Instant): void {
    const message = work.messages.first;
    try {
      if (work.needsContinue) {
        work.needsContinue = false;
        this.continueNow(work.session);
      } else if (message) {
        message.goOn(now);
        if (this.advance(message, now) && work.messages.first === message) this.finish(work, message);
      }
    } finally {
      if (work.needsContinue || work.messages.length > 0) this.enqueue(work, now);
      else this.settle(work);
    }
  }

  private continueNow(session: SessionKey): void {
    try {
      this.driver.submit({ kind: "workContinued", session });
    } catch (bug) {
      this.onFailed(session, bug);
    }
  }

  /** Processes a message for one slice. @returns whether it is finished. */
  private advance(message: ArrivedMessage, now: Instant): boolean {
    let isFinished = true;
    this.current = message.stream.session;
    message.stream.guard(() => {
      message.inputs ??= message.take(message);
      if (message.inputs) isFinished = this.driver.runFor(SLICE_MS, message.inputs, now);
    });
    this.current = undefined;
    return isFinished;
  }

  private finish(work: SessionWork, message: ArrivedMessage): void {
    work.messages.take();
    work.byteLength -= message.cost;
    this.waitingBytes -= message.cost;
    release(message);
  }

  /** Nothing of the session waits any more. */
  private settle(work: SessionWork): void {
    work.isQueued = false;
    if (this.works.get(work.session) !== work) return;
    this.works.delete(work.session);
    work.paused?.resume();
  }

  private enqueue(work: SessionWork, now: Instant): void {
    work.isQueued = true;
    const message = work.messages.first;
    if (!work.needsContinue && message?.stream.carriesRequests) {
      this.intake.goOnLater(work, (at) => this.goOn(work, at));
    } else {
      this.queue.add(work.peer, (at) => this.goOn(work, at));
    }
    this.intake.beginTurn(now);
  }

  private pauseIfFull(work: SessionWork, stream: InputStream): void {
    const max = stream.carriesRequests ? MAX_WAITING_REQUEST_BYTES : MAX_WAITING_BYTES;
    const hasRoom = work.byteLength < max && this.waitingBytes < MAX_TOTAL_BYTES;
    if (work.paused || (hasRoom && stream.owner.pressure === "NONE")) return;
    work.paused = stream;
    stream.pause();
  }

  private workOf(session: SessionKey, peer: string): SessionWork {
    let work = this.works.get(session);
    if (!work) {
      work = new SessionWork(session, peer);
      this.works.set(session, work);
    }
    return work;
  }
}

function release({ stream, cost }: ArrivedMessage): void {
  stream.owner.release(cost);
}
