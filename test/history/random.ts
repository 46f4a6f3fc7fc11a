/**
 * Random numbers from a seed: the same seed gives the same numbers in every process and run.
 */
import { createHash } from "node:crypto";

/** A seeded random number generator. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 up to but excluding 1, by Mulberry32, which is small and good enough for test plans. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, inclusive. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** True with a probability from 0 to 1. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  /** A random element. */
  pick<T>(all: readonly T[]): T {
    const picked = all[this.int(0, all.length - 1)];
    if (picked === undefined) throw new Error("cannot pick from an empty list");
    return picked;
  }

  /** A random name, with a probability in proportion to its weight. */
  weigh<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries<number>(weights) as [K, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    return (entries.at(-1) as [K, number])[0];
  }
}

/** A generator for named things, independent of when and where it is created. */
export function randomFor(seed: number, ...names: readonly (string | number)[]): Random {
  const digest = createHash("sha256")
    .update([seed, ...names].join("/"))
    .digest();
  return new Random(digest.readUInt32LE(0));
}
