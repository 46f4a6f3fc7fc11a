import { describe, expect, it } from "vitest";
import { anyAccount } from "../../../test/support/account.js";
import { ProducerSession } from "../state/producer-session.js";
import { NO_ROUTES, type ProducerGroup, type Routes } from "../state/topic-state.js";
import { choose } from "./scatter.js";

function producer(session: number): ProducerSession {
  const opened = {
    ...{ kind: "producerOpened" as const, session, sessionId: "", producerId: `p${session}`, mintedId: "" },
    ...{ displayName: "", labels: [], registrations: [], maxOutstanding: 0, maxBacklog: 0 },
    ...{ reportDispositions: false, peer: "" },
  };
  return new ProducerSession(opened.producerId, opened, 1, 1, { account: anyAccount(), at: 0 });
}

/** Routes with many groups of the same members, which count how often the members of a group are looked at. */
function sharing(members: readonly ProducerSession[], groupCount: number) {
  const looks = { count: 0 };
  const groups = new Map(
    Array.from({ length: groupCount }, (_, i): [string, ProducerGroup] => [
      `g${i}`,
      {
        name: `g${i}`,
        position: 0,
        fullAt: Number.NEGATIVE_INFINITY,
        get members() {
          looks.count++;
          return members;
        },
      },
    ]),
  );
  const routes: Routes = { ...NO_ROUTES, groups, hasSharedMembers: true, memberCount: members.length };
  return { routes, looks };
}

describe("the choice among groups that share members", () => {
  it("ends when every member is chosen, however many groups there are", () => {
    const members = [producer(1), producer(2)];
    const { routes, looks } = sharing(members, 1_000);

    const chosen = choose(routes, undefined, 0).map((choice) => [
      choice.group?.name,
      choice.producer.producerId,
    ]);

    expect(chosen).toEqual([
      ["g0", "p1"],
      ["g1", "p2"],
    ]);
    expect(looks.count).toBeLessThanOrEqual(1_010);
  });
});
