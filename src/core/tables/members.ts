/**
 * The members of one name, each with a value, in the order in which they were added.
 *
 * The natural way is a map. But most names have one member, and a map of one takes 184 bytes. A single member is held
 * in the object itself instead; a second one makes a map.
 */
export class Members<M, V> {
  private only: M | undefined = undefined;
  private onlyValue: V | undefined = undefined;
  private all: Map<M, V> | undefined = undefined;

  /** Number of members. */
  get memberCount(): number {
    if (this.all) return this.all.size;
    return this.only === undefined ? 0 : 1;
  }

  /** Whether this is a member. */
  hasMember(member: M): boolean {
    return this.all ? this.all.has(member) : this.only === member;
  }

  /** The value of a member; undefined if it is none. */
  memberValue(member: M): V | undefined {
    if (this.all) return this.all.get(member);
    return this.only === member ? this.onlyValue : undefined;
  }

  /** Adds a member, or replaces its value. */
  setMember(member: M, value: V): void {
    if (this.all) {
      this.all.set(member, value);
    } else if (this.only === undefined || this.only === member) {
      this.only = member;
      this.onlyValue = value;
    } else {
      this.all = new Map([
        [this.only, this.onlyValue as V],
        [member, value],
      ]);
      this.only = undefined;
      this.onlyValue = undefined;
    }
  }

  /** Removes a member. @returns whether it was one. */
  deleteMember(member: M): boolean {
    if (!this.all) {
      if (this.only !== member) return false;
      this.only = undefined;
      this.onlyValue = undefined;
      return true;
    }
    if (!this.all.delete(member)) return false;
    if (this.all.size > 1) return true;
    for (const [last, value] of this.all) {
      this.only = last;
      this.onlyValue = value;
    }
    this.all = undefined;
    return true;
  }

  /** Visits all members. */
  visitMembers(onMember: (member: M, value: V) => void): void {
    if (this.all) for (const [member, value] of this.all) onMember(member, value);
    else if (this.only !== undefined) onMember(this.only, this.onlyValue as V);
  }
}
