/**
 * Names that belong to principals: two principals may use the same id, and each means its own peer, request or group.
 */

/**
 * The text under which the id of a principal is kept. Ids have no spaces, so no two pairs have the same text. An
 * anonymous peer's id stands for itself.
 *
 * @param principal - "" for an anonymous one.
 * @param id - must be valid.
 */
export function identityOf(principal: string, id: string): string {
  return principal === "" ? id : `${id} ${principal}`;
}

/** Stands for the principals that share their groups; no principal has this id. */
const ALL_WHO_SHARE = "*";

/**
 * The text under which a group is kept: that of its principal, or of all principals that share it. A shared group is
 * another group than that of the same name which anonymous peers have for themselves.
 */
export function groupOf(principal: string, group: string, isShared: boolean | undefined): string {
  return group === "" ? "" : identityOf(isShared ? ALL_WHO_SHARE : principal, group);
}

/** The name of a group that is kept under the text of {@link groupOf}, as its members gave it. */
export function groupName(group: string): string {
  const end = group.indexOf(" ");
  return end < 0 ? group : group.slice(0, end);
}
