/**
 * Applies inputs to the core one at a time and has the effects performed. Performing an effect may submit another input;
 * that input is queued until the current one is done.
 */
import type { Dispatcher } from "../core/dispatcher.js";
import type { Input } from "../core/vocabulary/input.js";
import type { Instant } from "../core/vocabulary/model.js";
import type { Clock } from "../ports/clock.js";
import { Pacemaker } from "./pacemaker.js";
import type { Performer } from "./perform.js";
import type { StepLog } from "./step-log.js";

const NO_INPUTS: readonly Input[] = [];

/** The only caller of the core's `step`. */
export class Driver {
  private readonly queue: Input[] = [];
  private readonly pacemaker: Pacemaker;
  private isRunning = false;
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
    this.queue.push(input);
    if (this.isRunning) return;
    this.run(NO_INPUTS);
  }

  /**
   * Applies the inputs of one message to the core, all at one instant.
   *
   * @param inputs - each is read after the effects of the previous one are performed. If reading throws, the error is
   * rethrown, and the inputs before it stay applied.
   */
  submitAll(inputs: Iterable<Input>): void {
    if (!this.isRunning) this.run(inputs);
    else for (const input of inputs) this.queue.push(input);
  }

  private run(inputs: Iterable<Input>): void {
    this.isRunning = true;
    // Asking for each step would cost as much as a fiftieth of the step.
    this.enabledLog = this.log?.isEnabled ? this.log : undefined;
    const now = this.clock.now();
    try {
      for (const input of inputs) {
        this.step(input, now);
        if (this.queue.length > 0) this.drainQueue(now);
      }
    } finally {
      try {
        this.drainQueue(now);
      } finally {
        this.isRunning = false;
        this.pacemaker.arm(this.core.nextDeadline());
      }
    }
    this.onStep(now);
  }

  private drainQueue(now: Instant): void {
    for (let next = this.queue.shift(); next; next = this.queue.shift()) this.step(next, now);
  }

  private step(input: Input, now: Instant): void {
    const effects = this.core.step(input, now);
    for (const effect of effects) this.performer.perform(effect);
    this.enabledLog?.stepped(input, effects);
  }

  /** Stops the timer. Deadlines are no longer settled by themselves. */
  stop(): void {
    this.pacemaker.stop();
  }
}
