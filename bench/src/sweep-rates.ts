/** The next rate of a sweep, and whether it has found the knee. */

/** An offered rate and the delivered rate. */
export interface Point {
  readonly requestsPerSecond: number;
  /** Deliveries per second. */
  readonly goodput: number;
}

/** The delivered rate follows the offered one above this share. */
const MIN_SHARE = 0.95;
const FAST_FACTOR = 2;
const SLOW_FACTOR = 1.25;
/** A rate this close to the best is no improvement. */
const NO_GAIN = 0.98;

/** Doubles while the delivered rate follows; takes smaller steps after that. */
export function nextRate(points: readonly Point[], deliveriesPerRequest: number): number {
  const last = points.at(-1) as Point;
  const factor = points.every((point) => follows(point, deliveriesPerRequest)) ? FAST_FACTOR : SLOW_FACTOR;
  return Math.round(last.requestsPerSecond * factor);
}

/** Whether the last two rates were beyond the knee: the delivered rate neither followed nor grew. */
export function isKnee(points: readonly Point[], deliveriesPerRequest: number): boolean {
  const [before, last] = points.slice(-2);
  if (before === undefined || last === undefined) return false;
  if (follows(before, deliveriesPerRequest) || follows(last, deliveriesPerRequest)) return false;
  const best = Math.max(...points.slice(0, -1).map(({ goodput }) => goodput));
  return last.goodput * NO_GAIN <= best;
}

function follows({ requestsPerSecond, goodput }: Point, deliveriesPerRequest: number): boolean {
  return goodput >= requestsPerSecond * deliveriesPerRequest * MIN_SHARE;
}
