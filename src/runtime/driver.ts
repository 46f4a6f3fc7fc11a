/**
 * Brings inputs to the core one after the other and has its orders performed. Performing an order may bring a further
 * input; it waits until the one at hand is done.
 */
import type { Dispatcher } from "../core/dispatcher.js";
import type { Input } from "../core/input.js";
import type { Clock } from "../ports/clock.js";
import { Pacemaker } from "./pacemaker.js";
import type { Performer } from "./perform.js";

/** The one place that steps the core. */
export class Driver {
  private readonly waiting: Input[] = [];
  private readonly pacemaker: Pacemaker;
  private isRunning = false;

  /** @param onStep - called when all that waited has been performed. */
  constructor(
    private readonly core: Dispatcher,
    private readonly clock: Clock,
    private readonly performer: Performer,
    private readonly onStep: () => void,
  ) {
    this.pacemaker = new Pacemaker(clock, () => this.submit({ kind: "clockAdvanced" }));
  }

  /** Tells the core what happened; returns when its orders have been performed, unless it is already at work. */
  submit(input: Input): void {
    this.waiting.push(input);
    if (this.isRunning) return;
    this.isRunning = true;
    try {
      for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
        for (const effect of this.core.step(next, this.clock.now())) this.performer.perform(effect);
      }
    } finally {
      this.isRunning = false;
      this.pacemaker.arm(this.core.nextDeadline());
    }
    this.onStep();
  }

  /** Lets time stand still; nothing expires any more. */
  stop(): void {
    this.pacemaker.stop();
  }
}
