/**
 * Chance that a seed decides: the same seed rolls the same dice, in every process and at every run.
 */
import { createHash } from "node:crypto";

/** A source of dice. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At min 0 and below 1. Mulberry32: small, and good enough to choose what is tried. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number between both, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** True so many times out of one. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  /** One of them. */
  pick<T>(all: readonly T[]): T {
    const picked = all[this.int(0, all.length - 1)];
    if (picked === undefined) throw new Error("there is nothing to pick from");
    return picked;
  }

  /** One of the names, as often as its weight says. */
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

/** Dice of their own for a matter that has names, whenever and wherever it comes up. */
export function randomFor(seed: number, ...names: readonly (string | number)[]): Random {
  const digest = createHash("sha256")
    .update([seed, ...names].join("/"))
    .digest();
  return new Random(digest.readUInt32LE(0));
}
