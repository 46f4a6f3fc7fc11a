/**
 * Ids and groups belong to principals: what one principal names is never what another one named.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Dispatcher } from "../../src/core/dispatcher.js";
import type { Effect } from "../../src/core/vocabulary/effect.js";
import type { Input } from "../../src/core/vocabulary/input.js";
import type { Selector, SessionKey } from "../../src/core/vocabulary/model.js";
import { stepToEnd } from "../support/step-to-end.js";
import { submitted } from "../support/submitted.js";

const PRINCIPALS = ["", "alice", "spiffe://prod/ns/trading/sa/quotes"] as const;
type Principal = (typeof PRINCIPALS)[number];
const IDS = ["", "x", "y"] as const;
const TOPIC = "t";

type Act =
  | { readonly do: "produce"; readonly by: Principal; readonly id: string; readonly group: Group }
  | { readonly do: "listen"; readonly by: Principal; readonly id: string; readonly group: Group }
  | { readonly do: "ask"; readonly by: Principal; readonly id: string; readonly selector: Selection }
  | { readonly do: "update" | "cancel"; readonly by: Principal; readonly id: string }
  | { readonly do: "reply" | "leave"; readonly which: number }
  | { readonly do: "wait"; readonly ms: number };

interface Group {
  readonly name: string;
  readonly isShared: boolean;
}
interface Selection {
  readonly ids: readonly string[];
  readonly principals: readonly Principal[];
}

/** How a history names what belongs to a principal. */
interface Naming {
  principal(by: Principal): Principal;
  id(by: Principal, id: string): string;
  group(by: Principal, group: Group): string;
  selector(selection: Selection): Selector;
}

const NO_LABELS = { matchLabels: [], maxTargets: 0 };

const byPrincipal: Naming = {
  principal: (by) => by,
  id: (_, id) => id,
  group: (_, { name }) => name,
  selector: ({ ids, principals }) => ({ producerIds: ids, principals, ...NO_LABELS }),
};

/** Anonymous peers, each of which knows the name of its principal and has put it into its ids. */
const byId: Naming = {
  principal: () => "",
  id: (by, id) => (id === "" ? "" : renamed(by, id)),
  group: (by, { name, isShared }) => (name === "" || isShared ? name : renamed(by, name)),
  selector: ({ ids, principals }) => {
    const selectedIds = ids.length > 0 ? ids : [...IDS.filter(Boolean), ...MINTED];
    const selected = principals.length > 0 ? principals : PRINCIPALS;
    const isFree = ids.length === 0 && principals.length === 0;
    const producerIds = isFree ? [] : selected.flatMap((by) => selectedIds.map((id) => renamed(by, id)));
    return { producerIds, principals: [], ...NO_LABELS };
  },
};

const MINTED = Array.from({ length: 100 }, (_, i) => `minted${i}`);

function renamed(by: Principal, id: string): string {
  return `${id}/${PRINCIPALS.indexOf(by)}`;
}

/** One history of a dispatcher. */
class History {
  readonly heard: string[] = [];
  private readonly dispatcher = new Dispatcher("s", { maxHeldBytes: 0 });
  private now = 0;
  private serial = 0;
  private readonly open: SessionKey[] = [];
  private readonly out: { readonly to: SessionKey; readonly assignment: number }[] = [];

  constructor(private readonly naming: Naming) {}

  act(act: Act): void {
    switch (act.do) {
      case "produce":
        this.produce(act);
        break;
      case "listen":
        this.listen(act);
        break;
      case "ask":
        this.ask(act);
        break;
      case "update":
        this.step({
          ...{ kind: "listenerUpdated", session: ++this.serial, add: ["u"], remove: [] },
          ...{ principal: this.naming.principal(act.by), listenerId: this.naming.id(act.by, act.id || "z") },
        });
        break;
      case "cancel":
        this.step({
          ...{ kind: "cancelRequested", session: ++this.serial },
          ...{ requester: this.naming.principal(act.by), requestId: this.naming.id(act.by, act.id || "z") },
        });
        break;
      case "reply": {
        const [one] = this.out.splice(act.which % Math.max(1, this.out.length), 1);
        if (!one) break;
        this.step({
          ...{ kind: "resultReturned", session: one.to, assignment: one.assignment, more: false },
          ...{ assignmentText: undefined, failure: undefined, payload: new Uint8Array(1) },
        });
        break;
      }
      case "leave": {
        const [session] = this.open.splice(act.which % Math.max(1, this.open.length), 1);
        if (session !== undefined) this.step({ kind: "sessionClosed", session });
        break;
      }
      case "wait":
        this.now += act.ms;
        this.step({ kind: "clockAdvanced" });
    }
  }

  /** What is there, without sizes, which depend on names. */
  get counts() {
    return { ...this.dispatcher.snapshot().counts, pendingBytes: 0 };
  }

  private produce({ by, id, group }: Extract<Act, { do: "produce" }>): void {
    const session = this.session();
    this.step({
      ...{ kind: "producerOpened", session, sessionId: "", displayName: "", labels: [], peer: "" },
      ...{ principal: this.naming.principal(by), producerId: this.naming.id(by, id), ...this.minted(by) },
      ...{ maxOutstanding: 1, maxBacklog: 0, reportDispositions: true },
      registrations: [{ topic: TOPIC, group: this.naming.group(by, group), isGroupShared: group.isShared }],
    });
  }

  private listen({ by, id, group }: Extract<Act, { do: "listen" }>): void {
    const session = this.session();
    this.step({
      ...{ kind: "listenerOpened", session, sessionId: "", topics: [TOPIC], resumeFrom: [], peer: "" },
      ...{ principal: this.naming.principal(by), listenerId: this.naming.id(by, id), ...this.minted(by) },
      ...{ includeLate: true, includeSummaries: true, overflowAction: "DROP_OLDEST", bufferBytes: 0 },
      ...{ group: this.naming.group(by, group), isGroupShared: group.isShared },
    });
  }

  private ask({ by, id, selector }: Extract<Act, { do: "ask" }>): void {
    const requestId = this.naming.id(by, id);
    const spec = { topic: TOPIC, requestId, ttlMs: 1_000, selector: this.naming.selector(selector) };
    const identity = { principal: this.naming.principal(by), ...this.minted(by) };
    this.step(submitted({ session: ++this.serial, ...identity, digest: id && "d".repeat(44), spec }));
  }

  private session(): SessionKey {
    const session = ++this.serial;
    this.open.push(session);
    return session;
  }

  private minted(by: Principal): { readonly mintedId: string } {
    const id = `minted${this.serial % MINTED.length}`;
    return { mintedId: this.naming === byId ? renamed(by, id) : id };
  }

  private step(input: Input): void {
    for (const effect of stepToEnd(this.dispatcher, input, this.now)) {
      if (effect.kind === "assign") this.out.push({ to: effect.to, assignment: effect.assignment });
      this.heard.push(heard(effect));
    }
  }
}

/** An effect with each id as its principal and itself. */
function heard(effect: Effect): string {
  const full = (principal: string, id: string): string =>
    id === "" || id.includes("/") ? id : renamed(principal as Principal, id);
  const plain = (_: string, value: unknown): unknown => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    if (value instanceof Uint8Array) return value.length;
    const {
      principal = "",
      requester = "",
      producerId,
      requestId,
      group,
      cost,
      ...rest
    } = value as Record<string, string>;
    const named: Record<string, unknown> = { ...rest };
    // The cost of an assignment is its size, which depends on names.
    if (cost !== undefined) named["cost"] = undefined;
    if (producerId !== undefined) named["producerId"] = full(principal, producerId);
    if (requestId !== undefined) named["requestId"] = full(requester, requestId);
    if (group !== undefined) named["group"] = group.split("/")[0];
    return named;
  };
  const { kind } = effect;
  // Who accepts or refuses knows whom it answers, and the ids in its texts are the peer's own.
  if (kind === "welcome") return `welcome ${effect.to}`;
  if (kind === "ready") return `ready ${effect.to}`;
  if (kind === "accept") {
    const targets = effect.acceptance.targets.map(({ principal, producerId }) => full(principal, producerId));
    return `accept ${effect.to} ${targets.join(" ")} ${effect.acceptance.listenerCount}`;
  }
  if (kind === "reject") return `reject ${effect.to} ${effect.refusal.reason}`;
  if (kind === "close") return `close ${effect.to} ${effect.refusal?.reason}`;
  return JSON.stringify(effect, plain);
}

const by = fc.constantFrom(...PRINCIPALS);
const id = fc.constantFrom(...IDS);
const which = fc.nat(9);
const group = fc.record({ name: fc.constantFrom("", "g", "h"), isShared: fc.boolean() });
const selection = fc.oneof(
  fc.constant({ ids: [], principals: [] }),
  fc.record({ ids: fc.subarray(["x", "y"]), principals: fc.subarray([...PRINCIPALS]) }),
);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("produce" as const), by, id, group }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("listen" as const), by, id, group }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("ask" as const), by, id, selector: selection }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("update" as const, "cancel" as const), by, id }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom("reply" as const, "leave" as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(10, 2_000) }) },
);

describe("principals", () => {
  it("are to ids and groups what a different name would be", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const [principals, names] = [new History(byPrincipal), new History(byId)];
        for (const one of acts) {
          principals.act(one);
          names.act(one);
        }
        expect(principals.heard).toEqual(names.heard);
        expect(principals.counts).toEqual(names.counts);
      }),
      { numRuns: 300 },
    );
  });
});
