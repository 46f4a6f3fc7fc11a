/**
 * Applies inputs to the core one at a time and has the effects performed. Performing an effect may submit another input;
 * that input is queued until the current one is done.
 */
import type { Dispatcher } from "../core/dispatcher.js";
import type { Input } from "../core/vocabulary/input.js";
import type { Instant } from "../core/vocabulary/model.js";
import type { Clock } from "../ports/clock.js";
import type { MessageInputs } from "../ports/runtime.js";
import { Fifo } from "./fifo.js";
import { Pacemaker } from "./pacemaker.js";
import type { Performer } from "./perform.js";
import type { StepLog } from "./step-log.js";

/** The clock is read once for as many inputs of a message. */
const INPUTS_PER_READING = 8;
/** An input with as many effects counts as one more; less than 0.1 ms. */
const EFFECTS_PER_INPUT = 16;

/** The only caller of the core's `step`. */
export class Driver {
  private readonly queue = new Fifo<Input>();
  private readonly pacemaker: Pacemaker;
  private isInterrupted = false;
  /** Whether an input is being applied. */
  isRunning = false;
  /** The log, if it was enabled when the inputs were taken up. */
  private enabledLog: StepLog | undefined;

  /**
   * @param onStep - called after all queued inputs are applied, with the instant at which the run began.
   * @param log - sees each step of a run that begins while it is enabled.
   */
  constructor(
    private readonly core: Dispatcher,
    private readonly clock: Clock,
    private readonly performer: Performer,
    private readonly onStep: (now: Instant) => void,
    private readonly log?: StepLog,
  ) {
    this.pacemaker = new Pacemaker(clock, () => this.submit({ kind: "clockAdvanced" }));
  }

  /**
   * Applies an input to the core and performs its effects before it returns. If called while another input is being
   * applied, it queues the input and returns at once.
   */
  submit(input: Input): void {
    if (this.isRunning) {
      this.queue.add(input);
      return;
    }
    const now = this.clock.now();
    this.begin();
    try {
      this.step(input, now);
    } finally {
      this.finish(now);
    }
    this.onStep(now);
  }

  /**
   * Applies inputs of one message to the core, all at one instant, until the time is used up or `interrupt` is called.
   * Call it only while no input is being applied.
   *
   * @param ms - the time; looked at every few inputs.
   * @param inputs - each is read after the effects of the previous one are performed. If reading throws, the error is
   * rethrown, and the inputs before it stay applied.
   * @returns whether all inputs are applied.
   */
  runFor(ms: number, inputs: MessageInputs, now: Instant): boolean {
    this.begin();
    this.isInterrupted = false;
    let isFinished = false;
    try {
      for (let count = 0; ; ) {
        const next = inputs.next();
        if (next.done) {
          isFinished = true;
          break;
        }
        const effectCount = next.value ? this.step(next.value, now) : 0;
        if (this.queue.length > 0) this.drainQueue(now);
        if (this.isInterrupted) break;
        // Reading without an input takes time, too.
        count += next.value ? 1 + Math.floor(effectCount / EFFECTS_PER_INPUT) : INPUTS_PER_READING;
        if (count < INPUTS_PER_READING) continue;
        if (this.clock.now() - now >= ms) break;
        count = 0;
      }
    } finally {
      this.finish(now);
    }
    this.onStep(now);
    return isFinished;
  }

  /** Ends `runFor` after the input that is being applied. */
  interrupt(): void {
    this.isInterrupted = true;
  }

  private begin(): void {
    this.isRunning = true;
    // Asking for each step would cost as much as a fiftieth of the step.
    this.enabledLog = this.log?.isEnabled ? this.log : undefined;
  }

  /** Applies what is queued, also after a step has thrown. */
  private finish(now: Instant): void {
    try {
      this.drainQueue(now);
    } finally {
      this.isRunning = false;
      this.pacemaker.arm(this.core.nextDeadline());
    }
  }

  private drainQueue(now: Instant): void {
    for (let next = this.queue.take(); next; next = this.queue.take()) this.step(next, now);
  }

  /** @returns the number of effects. */
  private step(input: Input, now: Instant): number {
    const effects = this.core.step(input, now);
    for (const effect of effects) this.performer.perform(effect);
    this.enabledLog?.stepped(input, effects);
    return effects.length;
  }

  /** Stops the timer. Deadlines are no longer settled by themselves. */
  stop(): void {
    this.pacemaker.stop();
  }
}
