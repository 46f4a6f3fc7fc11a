import type { Action, Principal, Rights } from "../core/vocabulary/principal.js";
import type { Refusal } from "../core/vocabulary/reason.js";
import type { Policy } from "./policy.js";

/** The policy that is in force. A call that began under an earlier policy gets the rights of the current one. */
export class CurrentPolicy {
  constructor(private policy: Policy) {}

  /** Puts another policy into force. */
  replace(policy: Policy): void {
    this.policy = policy;
  }

  /** What a principal may do, now and after each replacement. */
  rightsOf(principal: Principal): Rights {
    return new CurrentRights(() => this.policy, principal);
  }
}

class CurrentRights implements Rights {
  private seen: Policy;
  private rights: Rights;

  constructor(
    private readonly policyNow: () => Policy,
    private readonly principal: Principal,
  ) {
    this.seen = policyNow();
    this.rights = this.seen.rightsOf(principal);
  }

  refusalOf(action: Action, pattern: string): Refusal | undefined {
    return this.current().refusalOf(action, pattern);
  }

  allowsAny(action: Action): boolean {
    return this.current().allowsAny(action);
  }

  sharesGroupOn(pattern: string): boolean {
    return this.current().sharesGroupOn(pattern);
  }

  private current(): Rights {
    const policy = this.policyNow();
    if (policy !== this.seen) {
      this.seen = policy;
      this.rights = policy.rightsOf(this.principal);
    }
    return this.rights;
  }
}
