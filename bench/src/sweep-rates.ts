/** Which rate a sweep offers next, and when it has found the knee. */

/** What was offered and what came out. */
export interface Point {
  readonly requestsPerSecond: number;
  /** Deliveries per second. */
  readonly goodput: number;
}

/** Less than this of what is offered, and it does not follow. */
const FOLLOWS = 0.95;
const FAST = 2;
const SLOW = 1.25;
/** So far below the best, and it is past the best. */
const PAST = 0.98;

/** Doubles while everything comes out; from the first rate at which it does not, goes up in smaller steps. */
export function nextRate(points: readonly Point[], deliveriesPerRequest: number): number {
  const last = points.at(-1) as Point;
  const factor = points.every((point) => follows(point, deliveriesPerRequest)) ? FAST : SLOW;
  return Math.round(last.requestsPerSecond * factor);
}

/** Whether more was offered twice in a row without more coming out. */
export function isKnee(points: readonly Point[], deliveriesPerRequest: number): boolean {
  const [before, last] = points.slice(-2);
  if (before === undefined || last === undefined) return false;
  if (follows(before, deliveriesPerRequest) || follows(last, deliveriesPerRequest)) return false;
  const best = Math.max(...points.slice(0, -1).map(({ goodput }) => goodput));
  return last.goodput * PAST <= best;
}

function follows({ requestsPerSecond, goodput }: Point, deliveriesPerRequest: number): boolean {
  return goodput >= requestsPerSecond * deliveriesPerRequest * FOLLOWS;
}
