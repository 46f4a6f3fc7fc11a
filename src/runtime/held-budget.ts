/**
 * The budget for what is held for peers, derived from the memory that the process may use.
 */
import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";

/** The memory that a process may use, in bytes. */
export interface Memory {
  /** V8's limit of the heap, such as `--max-old-space-size`. */
  readonly heapLimit: number;
  /** Memory of the machine. */
  readonly machine: number;
  /** Memory that a control group allows, as a container sets it; 0 or more than the machine has if there is none. */
  readonly constrained: number;
}

/** Reads the memory that this process may use. */
export function readMemory(): Memory {
  return {
    heapLimit: getHeapStatistics().heap_size_limit,
    machine: totalmem(),
    constrained: process.constrainedMemory() ?? 0,
  };
}

/**
 * Half of the heap's limit or, if that is less, of the memory that the process may use. Payloads are outside of the heap,
 * but all else is in it, so neither may be exceeded.
 */
export function heldBudget({ heapLimit, machine, constrained }: Memory): number {
  const memory = constrained > 0 ? Math.min(machine, constrained) : machine;
  return Math.floor(Math.min(heapLimit, memory) / 2);
}
