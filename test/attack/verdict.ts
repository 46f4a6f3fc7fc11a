/** Compares a measurement with what must hold under any attack. */
import type { Bounds, Measurement } from "./measurement.js";

/** How far the peak may exceed the budget. */
const PEAK_SLACK = 1.25;
/** The budget of a server that does not say what it may hold, in MiB. */
const DEFAULT_BUDGET_MB = 512;
const MAX_DURING_RATIO = 3;
const MAX_AFTER_RATIO = 1.5;

/** @returns the broken bounds, each in a few words; empty if all hold. */
export function verdictOf(measurement: Measurement, bounds: Bounds): readonly string[] {
  const { rss, honest, ended, problems, attackError, sentBytes } = measurement;
  const broken: string[] = [];
  if (attackError !== undefined) broken.push(`void: ${attackError}`);
  else if (sentBytes === 0) broken.push("void: nothing was sent");
  if (ended !== undefined) broken.push(`process ended: ${ended}`);
  if (measurement.isStillHeld) broken.push("loop is still held");
  else if (measurement.heldMs > bounds.maxHeldMs) broken.push("loop held");
  const budgetMb = bounds.budgetMb ?? measurement.serverBudgetMb ?? DEFAULT_BUDGET_MB;
  if (rss.during - rss.before > budgetMb * PEAK_SLACK) broken.push("memory");
  if (bounds.judgesLatency) broken.push(...latencyVerdict(measurement, bounds));
  if (!measurement.isAllowed && honest.answered < honest.total)
    broken.push(`${honest.total - honest.answered} unanswered`);
  broken.push(...problems);
  return broken;
}

function latencyVerdict({ p99, isAllowed }: Measurement, { p99FloorMs }: Bounds): readonly string[] {
  const before = Math.max(p99.before, p99FloorMs);
  return [
    ...(!isAllowed && p99.during > MAX_DURING_RATIO * before ? ["p99 during"] : []),
    ...(p99.after > MAX_AFTER_RATIO * before ? ["p99 after"] : []),
  ];
}
