/**
 * Choice of the producers of a request: its targets, and the next group member when one departs.
 */
import { Assignment } from "../state/assignment.js";
import type { PendingRequest } from "../state/pending-request.js";
import type { ProducerSession } from "../state/producer-session.js";
import type { State } from "../state/state.js";
import type { Choice, ProducerGroup, Routes } from "../state/topic-state.js";
import type { Selector, Target } from "../vocabulary/model.js";
import { offer, settle } from "./credit.js";
import type { StepContext } from "./step-context.js";

/**
 * Chooses the producers of a request, none twice: every producer without a group, and one member of each group. A group
 * whose members are all chosen for other groups is left out.
 *
 * @param serial - the request's serial number; rotates among equally loaded producers if `maxTargets` leaves some out.
 */
export function choose(routes: Routes, selector: Selector | undefined, serial: number): readonly Choice[] {
  if (!selector && routes.groups.length === 0) return routes.ungrouped.choices;
  const choices: Choice[] = [];
  for (const producer of routes.ungrouped.producers) {
    if (isSelected(producer, selector)) choices.push({ producer, group: undefined });
  }
  if (routes.hasSharedMembers) {
    choices.push(...chooseDistinct(routes.groups, selector));
  } else {
    for (const group of routes.groups) {
      const producer = nextMember(group, (member) => isSelected(member, selector));
      if (producer) choices.push({ producer, group });
    }
  }
  const max = selector?.maxTargets ?? 0;
  if (max === 0 || choices.length <= max) return choices;
  const start = serial % choices.length;
  const rotated = [...choices.slice(start), ...choices.slice(0, start)];
  return rotated.sort((a, b) => a.producer.load - b.producer.load).slice(0, max);
}

/**
 * Chooses one member of each group, although groups share members. The group with the fewest members chooses first, so
 * that another group does not take its only member.
 */
function chooseDistinct(groups: readonly ProducerGroup[], selector: Selector | undefined): readonly Choice[] {
  const bySize = groups
    .map((group) => ({ group, size: group.members.filter((member) => isSelected(member, selector)).length }))
    .sort((a, b) => a.size - b.size);
  const chosen = new Map<ProducerGroup, ProducerSession>();
  const asked = new Set<ProducerSession>();
  for (const { group } of bySize) {
    const producer = nextMember(group, (member) => isSelected(member, selector) && !asked.has(member));
    if (!producer) continue;
    chosen.set(group, producer);
    asked.add(producer);
  }
  return groups.flatMap((group) => {
    const producer = chosen.get(group);
    return producer ? [{ producer, group }] : [];
  });
}

/** The targets that the choices stand for, as the caller sees them. */
export function targetsOf(routes: Routes, choices: readonly Choice[]): readonly Target[] {
  if (choices === routes.ungrouped.choices) return routes.ungrouped.targets;
  return choices.map(({ producer, group }) => ({
    producerId: producer.producerId,
    group: group?.name ?? "",
  }));
}

/** Creates an assignment for each chosen producer, and offers it. */
export function scatter(
  state: State,
  request: PendingRequest,
  choices: readonly Choice[],
  step: StepContext,
): void {
  const { groups } = state.router.routes(request.topic);
  for (const { producer, group } of choices) {
    const present = group && groups.find(({ name }) => name === group.name);
    if (present) present.position = present.members.indexOf(producer) + 1;
    const assignment = new Assignment(++state.assignmentSerial, request, producer, group?.name ?? "");
    request.assignments.push(assignment);
  }
  for (const assignment of request.assignments) offer(state, assignment, step);
}

/**
 * Moves an open assignment of a departing producer to the next member of its group, or settles it as DEPARTED if there
 * is none. The departing producer must have no registrations left.
 */
export function failOver(state: State, assignment: Assignment, step: StepContext): void {
  const next = successor(state, assignment);
  if (next) moveTo(state, assignment, next, step);
  else settle(state, assignment, "DEPARTED", step);
}

/**
 * Moves a waiting assignment to the next member of its group that has credit or room for it. The producer must have no
 * registrations left; without such a member the assignment stays with it.
 */
export function handOver(state: State, assignment: Assignment, step: StepContext): void {
  const next = successor(state, assignment);
  if (next?.hasCredit || next?.hasRoom) moveTo(state, assignment, next, step);
}

function moveTo(state: State, assignment: Assignment, next: ProducerSession, step: StepContext): void {
  const { request, producer } = assignment;
  if (assignment.state === "OUT") {
    producer.outstandingCount--;
    request.note(assignment.assignedAt, "ASSIGNED", assignment);
    assignment.assignedAt = 0;
  } else {
    producer.backlog.remove(assignment);
  }
  request.note(step.now, "DEPARTED", assignment);
  producer.assignments.delete(assignment.id);
  assignment.id = ++state.assignmentSerial;
  assignment.attempt++;
  assignment.producer = next;
  assignment.state = "WAITING";
  if (request.phase !== "ENDED") offer(state, assignment, step);
}

/** The group member that takes over. A member that joined later may already be a target; it is skipped. */
function successor(state: State, assignment: Assignment): ProducerSession | undefined {
  const { request, group } = assignment;
  if (group === "") return undefined;
  const found = state.router.routes(request.topic).groups.find((candidate) => candidate.name === group);
  if (!found) return undefined;
  const isAsked = (member: ProducerSession) =>
    request.assignments.some((other) => other !== assignment && other.producer === member);
  const next = nextMember(found, (member) => isSelected(member, request.selector) && !isAsked(member));
  if (next) found.position = found.members.indexOf(next) + 1;
  return next;
}

/** Prefers members with credit, then members with backlog room, then the lowest load; rotates among equals. */
function nextMember(
  group: ProducerGroup,
  isEligible: (member: ProducerSession) => boolean,
): ProducerSession | undefined {
  let best: ProducerSession | undefined;
  const { members, position } = group;
  for (let i = 0; i < members.length; i++) {
    const member = members[(position + i) % members.length];
    if (!member || !isEligible(member)) continue;
    if (!best || isPreferred(member, best)) best = member;
  }
  return best;
}

function isPreferred(member: ProducerSession, best: ProducerSession): boolean {
  if (member.hasCredit !== best.hasCredit) return member.hasCredit;
  if (member.hasRoom !== best.hasRoom) return member.hasRoom;
  return member.load < best.load;
}

function isSelected(producer: ProducerSession, selector: Selector | undefined): boolean {
  if (!selector) return true;
  const { producerIds, matchLabels } = selector;
  if (producerIds.length > 0 && !producerIds.includes(producer.producerId)) return false;
  return matchLabels.every(([key, value]) => producer.labels.get(key) === value);
}
