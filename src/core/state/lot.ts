/**
 * Registrations that take effect, or end, together, although they are added to the tree of registrations, or removed from
 * it, in several steps.
 *
 * The natural way is to add all of them in one step. But a message may name 10,000 patterns of many tokens, which took
 * 0.4 s. Instead, they are added one by one without effect, and their lot then takes effect in one step.
 */
export class Lot {
  /** @param group - group of the registrations; "" for none. */
  constructor(
    readonly group: string,
    public isEffective: boolean,
  ) {}
}

/** What the tree of registrations holds for each: its group if it is in effect, or its lot. */
export type Registered = string | Lot;

/** Whether a registration is in effect. */
export function isEffective(registered: Registered): boolean {
  return typeof registered === "string" || registered.isEffective;
}

/** The group of a registration; "" for none. */
export function groupOf(registered: Registered): string {
  return typeof registered === "string" ? registered : registered.group;
}
