/**
 * Deadlines that are due: requests expire, heartbeats are sent, and old state is swept.
 */

import type { AnyDeadline, State } from "../state/state.js";
import { DEADLINES, SERVER, type Work } from "../state/unfinished-work.js";
import type { Instant } from "../vocabulary/model.js";
import { expire } from "./ending.js";
import { sendHeartbeat } from "./sessions.js";
import type { StepContext } from "./step-context.js";

/** Interval between sweeps for expired state, in milliseconds. */
const SWEEP_MS = 1_000;
/** Maximum number of deadlines, or of entries that have expired, that are taken at once. */
const MAX_TAKEN = 256;

/** Settles the deadlines that are due. If they are many, the rest is settled in later steps. */
export function settleDue(state: State, step: StepContext): void {
  if (step.now <= state.wheel.next || state.isSettling) return;
  state.isSettling = true;
  state.work.begin(DEADLINES, step, (step) => settleAll(state, step));
}

/** Repeats until nothing is due: a stalled gather may run on until its TTL, which may have passed as well. */
function* settleAll(state: State, step: StepContext): Work {
  try {
    for (let due = takeDue(state, step); due.length > 0; due = takeDue(state, step)) {
      for (const deadline of due) yield settle(state, deadline, step);
    }
  } finally {
    state.isSettling = false;
  }
}

function takeDue(state: State, step: StepContext): readonly AnyDeadline[] {
  return state.wheel.takeDue(step.now, MAX_TAKEN);
}

/** @returns units of work. */
function settle(state: State, deadline: AnyDeadline, step: StepContext): number {
  // It was taken in an earlier slice, and moved since.
  if (deadline.isSet) return 1;
  switch (deadline.kind) {
    case "request": {
      const units = 1 + deadline.assignments.length;
      if (deadline.phase !== "ENDED") expire(state, deadline, step);
      return units;
    }
    case "sweep":
      sweep(state, step);
      return 1;
    case "producer":
    case "listener":
    case "opening":
    case "caller":
      if (state.sessions.get(deadline.key) === deadline) sendHeartbeat(state, deadline, step);
      return 1;
  }
}

/** Sets the deadline of the next sweep if there is state that expires. */
export function armSweep(
  { sweep, wheel, log, topics, router, remembered, isSweeping }: State,
  now: Instant,
): void {
  if (sweep.isSet || isSweeping) return;
  const hasOld = log.size > 0 || topics.idleCount > 0 || router.hasStaleRoutes || remembered.size > 0;
  if (hasOld) wheel.set(sweep, now + SWEEP_MS);
}

function sweep(state: State, step: StepContext): void {
  state.isSweeping = true;
  state.work.begin(SERVER, step, function* (step) {
    try {
      while (state.log.expire(step.now, MAX_TAKEN)) yield MAX_TAKEN;
      while (state.topics.expire(step.now, MAX_TAKEN)) yield MAX_TAKEN;
      yield* state.router.dropStaleRoutes();
      yield* state.remembered.expire(step);
    } finally {
      state.isSweeping = false;
    }
  });
}
