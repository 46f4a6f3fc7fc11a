/** What a producer does with an assignment. It depends only on the seed, the request and the producer, not on timing. */
import { randomFor } from "./random.js";

/** How an assignment is answered. */
export type Behaviour =
  | { readonly kind: "silent" }
  | {
      readonly kind: "answers";
      /** The instants of the results, in milliseconds after the assignment. All but the last one are partial. */
      readonly atMs: readonly number[];
      readonly isError: boolean;
      /** Whether the final result is sent twice. */
      readonly isTwice: boolean;
      /** Whether the producer answers after a revocation. */
      readonly isStubborn: boolean;
      readonly bytes: number;
    };

/** Returns the behaviour. @param ttlMs - the remaining TTL, in milliseconds. */
export function behaviourOf(seed: number, requestId: string, producerId: string, ttlMs: number): Behaviour {
  const random = randomFor(seed, requestId, producerId);
  const plain = {
    kind: "answers",
    isError: random.chance(0.08),
    isTwice: random.chance(0.05),
    isStubborn: random.chance(0.6),
    bytes: random.int(100, 700),
  } as const;
  const kind = random.weigh({ prompt: 60, partial: 8, silent: 7, late: 8, sharp: 4, slow: 13 });
  switch (kind) {
    case "silent":
      return { kind: "silent" };
    case "prompt":
      return { ...plain, atMs: [random.chance(0.5) ? 0 : random.int(1, 40)] };
    case "partial":
      return { ...plain, atMs: Array.from({ length: random.int(2, 4) }, (_, i) => i * random.int(0, 20)) };
    case "late":
      return { ...plain, isStubborn: true, atMs: [ttlMs + random.int(2, 80)] };
    // As close to the end of the TTL as this process can.
    case "sharp":
      return { ...plain, isStubborn: true, atMs: [ttlMs - random.next() * 4] };
    case "slow":
      return { ...plain, atMs: [ttlMs * (0.3 + 0.6 * random.next())] };
  }
}
