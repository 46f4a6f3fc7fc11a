/**
 * Choice of the producers of a request: its targets, and the next group member when one departs.
 */
import { Assignment } from "../state/assignment.js";
import type { PendingRequest } from "../state/pending-request.js";
import type { ProducerSession } from "../state/producer-session.js";
import type { State } from "../state/state.js";
import type { Choice, ProducerGroup, Routes } from "../state/topic-state.js";
import { SCATTERS, UNITS_PER_ASSIGNMENT, type Work } from "../state/unfinished-work.js";
import type { Instant, Selector, Target } from "../vocabulary/model.js";
import { offer, settle } from "./credit.js";
import { endIfOver } from "./ending.js";
import type { StepContext } from "./step-context.js";

/** Maximum number of members of a large group that are compared when one of them takes over an assignment. */
const MAX_COMPARED = 64;
/** Maximum number of ids of a selector that are searched one by one; more are put into a set. */
const MAX_SCANNED_IDS = 8;
const NO_IDS: Pick<Selector, "producerIds" | "principals"> = { producerIds: [], principals: [] };

/**
 * Chooses the producers of a request, none twice: every producer without a group, and one member of each group. A group
 * whose members are all chosen for other groups is left out.
 *
 * @param serial - the request's serial number; rotates among equally loaded producers if `maxTargets` leaves some out.
 */
export function choose(routes: Routes, selector: Selector | undefined, serial: number): readonly Choice[] {
  if (!selector && routes.groups.size === 0) return routes.ungrouped.choices;
  const isSelected = selectionOf(selector);
  const choices: Choice[] = [];
  for (const producer of routes.ungrouped.producers) {
    if (isSelected(producer)) choices.push({ producer, group: undefined });
  }
  if (routes.hasSharedMembers) {
    for (const choice of chooseDistinct(routes, isSelected)) choices.push(choice);
  } else {
    for (const group of routes.groups.values()) {
      const producer = nextMember(group, isSelected);
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
 * that another group does not take its only member. Ends when every member is chosen: one producer may be the only member
 * of thousands of groups.
 */
function chooseDistinct(routes: Routes, isSelected: Selection): readonly Choice[] {
  const groups = [...routes.groups.values()];
  const sizeOf = ({ members }: ProducerGroup) =>
    isSelected === ALL ? members.length : members.filter(isSelected).length;
  const bySize = groups.map((group) => ({ group, size: sizeOf(group) })).sort((a, b) => a.size - b.size);
  const chosen = new Map<ProducerGroup, ProducerSession>();
  const asked = new Set<ProducerSession>();
  for (const { group } of bySize) {
    if (asked.size === routes.memberCount) break;
    const producer = nextMember(group, (member) => isSelected(member) && !asked.has(member));
    if (!producer) continue;
    chosen.set(group, producer);
    asked.add(producer);
  }
  const choices: Choice[] = [];
  for (const group of groups) {
    const producer = chosen.get(group);
    if (producer) choices.push({ producer, group });
  }
  return choices;
}

/** The targets that the choices stand for, as the caller sees them. */
export function targetsOf(routes: Routes, choices: readonly Choice[]): readonly Target[] {
  if (choices === routes.ungrouped.choices) return routes.ungrouped.targets;
  return choices.map(({ producer, group }) => producer.targetIn(group?.name ?? ""));
}

/**
 * Creates an assignment for each chosen producer, and offers it: if they are many, the first of them at once, and the others
 * in later steps.
 */
export function scatter(
  state: State,
  request: PendingRequest,
  choices: readonly Choice[],
  step: StepContext,
): void {
  const { groups } = state.router.routes(request.topic);
  for (const { producer, group } of choices) {
    const present = group && groups.get(group.name);
    if (present) present.position = present.members.indexOf(producer) + 1;
    const assignment = new Assignment(++state.assignmentSerial, request, producer, group?.name ?? "");
    request.assignments.push(assignment);
  }
  if (state.work.areMany(choices.length)) {
    state.work.begin(SCATTERS, step, (step) => offerAll(state, request, step));
    return;
  }
  for (const assignment of request.assignments) offer(state, assignment, step);
}

/**
 * Offers the assignments of a request with many targets. The gather cannot be complete before the last one is offered,
 * because none is settled before, except by the end of the request.
 */
function* offerAll(state: State, request: PendingRequest, step: StepContext): Work {
  for (const assignment of request.assignments) {
    // The rest was settled, or will be: all of it waits.
    if (request.phase === "ENDED" || request.deadlineAt < step.now) return;
    const { isClosed, isOver } = assignment.producer;
    let units = UNITS_PER_ASSIGNMENT;
    // It left after the request was accepted, as if it had done so just after it was asked.
    if (isClosed || isOver) units += failOver(state, assignment, step);
    else offer(state, assignment, step);
    yield units;
  }
  endIfOver(state, request, step);
}

/**
 * Moves an open assignment of a departing producer to the next member of its group, or settles it as DEPARTED if there
 * is none; then ends the request if that was its last. The departing producer must not be on any route.
 *
 * @returns units of work.
 */
export function failOver(state: State, assignment: Assignment, step: StepContext): number {
  const { request } = assignment;
  const { length: assignmentCount } = request.assignments;
  const { next, visitedCount } = successor(state, assignment, step);
  if (next) moveTo(state, assignment, next, step);
  else settle(state, assignment, "DEPARTED", step);
  endIfOver(state, request, step);
  return 1 + visitedCount + (request.phase === "ENDED" ? assignmentCount : 0);
}

/**
 * Moves a waiting assignment to the next member of its group that has credit or room for it. The producer must not be on
 * any route; without such a member the assignment stays with it.
 *
 * @returns units of work.
 */
export function handOver(state: State, assignment: Assignment, step: StepContext): number {
  const { next, visitedCount } = successor(state, assignment, step);
  if (next?.hasCredit || next?.hasRoom) moveTo(state, assignment, next, step);
  return 1 + visitedCount;
}

function moveTo(state: State, assignment: Assignment, next: ProducerSession, step: StepContext): void {
  const { request, producer } = assignment;
  if (assignment.state === "OUT") {
    producer.outstandingCount--;
    request.note(assignment.assignedAt, "ASSIGNED", assignment);
    assignment.assignedAt = 0;
  } else if (producer.backlog.has(assignment)) {
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

interface Successor {
  readonly next: ProducerSession | undefined;
  /** Number of entries visited in search of it. */
  readonly visitedCount: number;
}

const NO_SUCCESSOR: Successor = { next: undefined, visitedCount: 0 };

/**
 * The group member that takes over. A member that joined later may already be a target; it is skipped. So is a newer
 * session of the same producer, however long the departure of the older one takes.
 */
function successor(state: State, assignment: Assignment, step: StepContext): Successor {
  const { request, group: name } = assignment;
  const group = name === "" ? undefined : state.router.routes(request.topic).groups.get(name);
  if (!group) return NO_SUCCESSOR;
  const isAsked = askedBeside(assignment);
  const isSelected = selectionOf(request.selector);
  const { identity } = assignment.producer;
  const isEligible: Selection = (member) =>
    member.identity !== identity && isSelected(member) && !isAsked(member);
  const found =
    group.members.length <= MAX_COMPARED
      ? search(group, isEligible)
      : searchSome(group, isEligible, step.now);
  if (found.next) group.position = group.members.indexOf(found.next) + 1;
  const { producerIds, principals } = request.selector ?? NO_IDS;
  const comparedCount = request.assignments.length + producerIds.length + principals.length;
  return { next: found.next, visitedCount: found.visitedCount + comparedCount };
}

/** Whether a producer is asked for another assignment of the same request. */
function askedBeside(assignment: Assignment): Selection {
  const { assignments } = assignment.request;
  if (assignments.length === 1) return () => false;
  const asked = new Set<ProducerSession>();
  for (const other of assignments) if (other !== assignment) asked.add(other.producer);
  return (member) => asked.has(member);
}

/** Prefers members with credit, then members with backlog room, then the lowest load; rotates among equals. */
function nextMember(group: ProducerGroup, isEligible: Selection): ProducerSession | undefined {
  return search(group, isEligible).next;
}

function search({ members, position }: ProducerGroup, isEligible: Selection): Successor {
  let best: ProducerSession | undefined;
  let visitedCount = 0;
  while (visitedCount < members.length && !(best && isIdle(best))) {
    const member = members[(position + visitedCount) % members.length];
    visitedCount++;
    if (member && isEligible(member) && (!best || isPreferred(member, best))) best = member;
  }
  return { next: best, visitedCount };
}

/**
 * Searches a large group for a member that takes over. A producer may depart with 65,536 assignments: comparing all
 * members of a group of 1,000 for each of them took 2 s. So only the next members in the rotation are compared, as long
 * as one of them has credit or room; and if no member has any, the group is not searched again at the same instant.
 */
function searchSome(group: ProducerGroup, isEligible: Selection, now: Instant): Successor {
  const { members, position } = group;
  let best: ProducerSession | undefined;
  let visitedCount = 0;
  const isEnough = () =>
    best !== undefined &&
    (isIdle(best) ||
      group.fullAt === now ||
      (visitedCount >= MAX_COMPARED && (best.hasCredit || best.hasRoom)));
  while (visitedCount < members.length && !isEnough()) {
    const member = members[(position + visitedCount) % members.length];
    visitedCount++;
    if (member && isEligible(member) && (!best || isPreferred(member, best))) best = member;
  }
  if (visitedCount === members.length && best && !best.hasCredit && !best.hasRoom) group.fullAt = now;
  return { next: best, visitedCount };
}

/** Whether no other member is preferred to this one. */
function isIdle(member: ProducerSession): boolean {
  return member.load === 0 && member.hasCredit && member.hasRoom;
}

function isPreferred(member: ProducerSession, best: ProducerSession): boolean {
  if (member.hasCredit !== best.hasCredit) return member.hasCredit;
  if (member.hasRoom !== best.hasRoom) return member.hasRoom;
  return member.load < best.load;
}

/** Says of a producer whether it may be asked. */
type Selection = (producer: ProducerSession) => boolean;

const ALL: Selection = () => true;

/** The producers that a request selects. Looking up an id takes the same time however many ids it names. */
function selectionOf(selector: Selector | undefined): Selection {
  if (!selector) return ALL;
  const { matchLabels } = selector;
  const hasId = membership(selector.producerIds);
  const hasPrincipal = membership(selector.principals);
  return ({ producerId, principal, labels }) =>
    hasId(producerId) &&
    hasPrincipal(principal) &&
    matchLabels.every(([key, value]) => labels.get(key) === value);
}

/** Says whether an id is among the selected ones; every id is if none is selected. */
function membership(selected: readonly string[]): (id: string) => boolean {
  if (selected.length === 0) return () => true;
  const ids = selected.length > MAX_SCANNED_IDS ? new Set(selected) : undefined;
  return (id) => (ids ? ids.has(id) : selected.includes(id));
}
