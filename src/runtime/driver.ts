/**
 * Brings inputs to the core one after the other and has its orders performed. Performing an order may bring a further
 * input; it waits until the one at hand is done.
 */
import type { Dispatcher } from "../core/dispatcher.js";
import type { Input } from "../core/vocabulary/input.js";
import type { Instant } from "../core/vocabulary/model.js";
import type { Clock } from "../ports/clock.js";
import { Pacemaker } from "./pacemaker.js";
import type { Performer } from "./perform.js";

const NOTHING: readonly Input[] = [];

/** The one place that steps the core. */
export class Driver {
  private readonly waiting: Input[] = [];
  private readonly pacemaker: Pacemaker;
  private isRunning = false;

  /** @param onStep - called when all that waited has been performed, with the instant at which that began. */
  constructor(
    private readonly core: Dispatcher,
    private readonly clock: Clock,
    private readonly performer: Performer,
    private readonly onStep: (now: Instant) => void,
  ) {
    this.pacemaker = new Pacemaker(clock, () => this.submit({ kind: "clockAdvanced" }));
  }

  /** Tells the core what happened; returns when its orders have been performed, unless it is already at work. */
  submit(input: Input): void {
    this.waiting.push(input);
    if (this.isRunning) return;
    this.run(NOTHING);
  }

  /**
   * Tells the core what one message says, all of it at one instant.
   *
   * @param inputs - read one by one, each after the orders of the one before it have been performed. What it throws is
   * passed on, and what came before counts.
   */
  submitAll(inputs: Iterable<Input>): void {
    if (!this.isRunning) this.run(inputs);
    else for (const input of inputs) this.waiting.push(input);
  }

  private run(inputs: Iterable<Input>): void {
    this.isRunning = true;
    const now = this.clock.now();
    try {
      for (const input of inputs) {
        this.step(input, now);
        if (this.waiting.length > 0) this.catchUp(now);
      }
    } finally {
      try {
        this.catchUp(now);
      } finally {
        this.isRunning = false;
        this.pacemaker.arm(this.core.nextDeadline());
      }
    }
    this.onStep(now);
  }

  private catchUp(now: Instant): void {
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) this.step(next, now);
  }

  private step(input: Input, now: Instant): void {
    for (const effect of this.core.step(input, now)) this.performer.perform(effect);
  }

  /** Lets time stand still; nothing expires any more. */
  stop(): void {
    this.pacemaker.stop();
  }
}
