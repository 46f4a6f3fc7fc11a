/**
 * Work that takes longer than a step may take. It is done in slices: a step does one slice, and leaves the rest to a later
 * step, so that other sessions get their turn between.
 *
 * Work is a generator. Each `yield` says how many units of work it has done since the one before, and is a point at which
 * the slice may end: inputs of other sessions may then be applied before it goes on. So it may not assume that something
 * it looked up before a `yield` is still there after it.
 */
import type { Effect } from "../vocabulary/effect.js";
import type { Instant, SessionKey } from "../vocabulary/model.js";
import { hasWildcard } from "../vocabulary/topic.js";

/**
 * Units of work in one slice. One unit is one visited entry of a table. It takes a microsecond at best, and ten in a process
 * that has not done such work before.
 */
export const UNITS_PER_SLICE = 500;

/** The key of the server's own work, such as its drain. No session has it. */
export const SERVER: SessionKey = 0;

/** The key of the work on deadlines, which does not wait for other work of the server. No session has it. */
export const DEADLINES: SessionKey = -1;

/** The key of the work on requests with many targets that are being scattered, one after the other. No session has it. */
export const SCATTERS: SessionKey = -2;

/** The key of the work on requests with many targets that have ended, one after the other. No session has it. */
export const ENDINGS: SessionKey = -3;

/**
 * Units that it takes to send an assignment, or to revoke it. The runtime writes a message for each, and each is to
 * another producer, of which nothing is in the caches of the processor: both take a few microseconds, also at best.
 */
export const UNITS_PER_ASSIGNMENT = 1;

/** Work in parts; yields the units of each part. */
export type Work<T = void> = Generator<number, T, undefined>;

/** The instant and the effects of the step in progress. */
interface CurrentStep {
  readonly now: Instant;
  readonly effects: Effect[];
}

interface Task {
  readonly work: Work;
  readonly onDrop: ((step: CurrentStep) => void) | undefined;
  next: Task | undefined;
}

/** The unfinished work of one session: one task after the other. */
interface Tasks {
  readonly step: CurrentStep;
  first: Task | undefined;
  last: Task | undefined;
  isDropped: boolean;
}

/** All unfinished work, by session. */
export class UnfinishedWork {
  private readonly byKey = new Map<SessionKey, Tasks>();
  /** Sessions whose turn was asked for and has not come yet. */
  private readonly awaited = new Set<SessionKey>();

  /** Number of assignments that are sent or revoked in one slice. */
  readonly assignmentsPerSlice: number;

  /** @param unitsPerSlice - a slice ends when it has taken more units. */
  constructor(private readonly unitsPerSlice: number) {
    this.assignmentsPerSlice = Math.max(1, Math.floor(unitsPerSlice / UNITS_PER_ASSIGNMENT));
  }

  /** Number of sessions with unfinished work. */
  get size(): number {
    return this.byKey.size;
  }

  /** Whether a session has unfinished work. */
  has(key: SessionKey): boolean {
    return this.byKey.has(key);
  }

  /**
   * Does the first slice of a task, and keeps the rest. Behind unfinished work of the same session, the task waits.
   *
   * @param create - receives the step in progress: the same object in every slice, with the instant and the effects of
   * the step that does the slice.
   * @param onDrop - called if the task is dropped before its end, with the step that drops it.
   */
  begin(
    key: SessionKey,
    step: CurrentStep,
    create: (step: CurrentStep) => Work,
    onDrop?: (step: CurrentStep) => void,
  ): void {
    const earlier = this.byKey.get(key);
    const tasks = earlier ?? { step: { ...step }, first: undefined, last: undefined, isDropped: false };
    const task: Task = { work: create(tasks.step), onDrop, next: undefined };
    if (tasks.last) tasks.last.next = task;
    else tasks.first = task;
    tasks.last = task;
    if (earlier) return;
    this.byKey.set(key, tasks);
    this.doSlice(key, tasks, this.unitsPerSlice);
  }

  /** Does the next slice of a session's work, whose turn has come. */
  continue(key: SessionKey, step: CurrentStep): void {
    this.awaited.delete(key);
    this.resume(key, step, this.unitsPerSlice);
  }

  /** Does the rest of a session's work in this step. */
  finish(key: SessionKey, step: CurrentStep): void {
    this.resume(key, step, Number.POSITIVE_INFINITY);
  }

  /** Drops the work of a session. A part of it may do so; it is the last one then. */
  drop(key: SessionKey, step: CurrentStep): void {
    const tasks = this.byKey.get(key);
    if (!tasks) return;
    tasks.isDropped = true;
    this.byKey.delete(key);
    for (let task = tasks.first; task; task = task.next) task.onDrop?.(step);
  }

  /** Whether sending or revoking so many assignments takes more than one slice. */
  areMany(assignmentCount: number): boolean {
    return assignmentCount > this.assignmentsPerSlice;
  }

  /** Whether the changes of these registrations may take more than one slice. */
  isLong(patterns: Iterable<string>): boolean {
    let units = 0;
    for (const pattern of patterns) units += unitsOf(pattern);
    return units > this.unitsPerSlice;
  }

  private resume(key: SessionKey, step: CurrentStep, maxUnits: number): void {
    const tasks = this.byKey.get(key);
    if (!tasks) return;
    Object.assign(tasks.step, step);
    this.doSlice(key, tasks, maxUnits);
  }

  private doSlice(key: SessionKey, tasks: Tasks, maxUnits: number): void {
    for (let units = 0; tasks.first; ) {
      const result = this.doPart(key, tasks.first.work);
      // The part may have ended the session.
      if (tasks.isDropped) return;
      if (result.done) tasks.first = tasks.first.next;
      else units += result.value;
      if (units <= maxUnits || !tasks.first) continue;
      this.askForTurn(key, tasks.step);
      return;
    }
    this.byKey.delete(key);
  }

  /** Work that fails by a bug is dropped with all that waits behind it. */
  private doPart(key: SessionKey, work: Work): IteratorResult<number, void> {
    try {
      return work.next();
    } catch (error) {
      this.byKey.delete(key);
      throw error;
    }
  }

  private askForTurn(key: SessionKey, step: CurrentStep): void {
    if (this.awaited.has(key)) return;
    this.awaited.add(key);
    step.effects.push({ kind: "continue", to: key });
  }
}

/** Units that a change of one registration takes: one for each token of a pattern, which is a node of a tree. */
export function unitsOf(pattern: string): number {
  if (!hasWildcard(pattern)) return 1;
  let units = 1;
  for (let at = pattern.indexOf("."); at >= 0; at = pattern.indexOf(".", at + 1)) units++;
  return units;
}
