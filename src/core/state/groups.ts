/**
 * The groups of the producers and listeners on a topic, and the rotation of each group of producers.
 */
import type { ProducerSession } from "./producer-session.js";
import { NO_ROUTES, type ProducerGroup, type Routes } from "./topic-state.js";

/** The group of a registration without one. */
export const NO_GROUP = "";

/**
 * The groups of a topic.
 *
 * @param earlier - the previous routes, whose groups keep their positions.
 * @param first - the position of groups that have no earlier one.
 */
export function groupsOf(
  groups: ReadonlyMap<string, ProducerSession[]>,
  earlier: Routes,
  first: number,
): ReadonlyMap<string, ProducerGroup> {
  if (groups.size === 0) return NO_ROUTES.groups;
  const found = new Map<string, ProducerGroup>();
  for (const [name, members] of groups) {
    const before = earlier.groups.get(name);
    if (before && isSame(members, before.members)) {
      found.set(name, before);
      continue;
    }
    const position = before ? positionAmong(members, before) : first % members.length;
    found.set(name, { name, members, position, fullAt: Number.NEGATIVE_INFINITY });
  }
  return found;
}

/** Finds the next member of the earlier rotation that is still present, and returns its current index. */
function positionAmong(members: readonly ProducerSession[], before: ProducerGroup): number {
  const present = new Set(members);
  for (let i = 0; i < before.members.length; i++) {
    const next = before.members[(before.position + i) % before.members.length];
    if (next && present.has(next)) return members.indexOf(next);
  }
  return 0;
}

function isSame(members: readonly ProducerSession[], before: readonly ProducerSession[]): boolean {
  return members.length === before.length && members.every((member, i) => member === before[i]);
}

/** Adds a member to its group, or to the members without one. */
export function addTo<T>(group: string, member: T, ungrouped: T[], groups: Map<string, T[]>): void {
  if (group === NO_GROUP) {
    ungrouped.push(member);
    return;
  }
  const members = groups.get(group);
  if (members) members.push(member);
  else groups.set(group, [member]);
}
