import { beforeEach, describe, expect, it, vi } from "vitest";
import { Dispatcher } from "../../src/core/dispatcher.js";
import { Router } from "../../src/core/state/router.js";
import type { Effect } from "../../src/core/vocabulary/effect.js";
import { COMPLETE_ALL, NO_CONTEXT } from "../../src/core/vocabulary/model.js";
import type { RequestView, Visit } from "../../src/core/vocabulary/views.js";
import { pageOf } from "../../src/grpc/rpc/paging.js";
import { stepToEnd } from "../support/step-to-end.js";

const MANY = 26_000;
const FULL_PAGES = 10;
const PER_SESSION = 10_000;
const MAX_VISITED = 2_500;
const MAX_PAGE_BYTES = 64 * 1_024;

type List = (after: string | undefined) => Iterable<Visit<object>>;

/** Reads all pages. @returns the items, bytes and visited entries of each page. */
function readAll(list: List, pageSize = 1_000) {
  const pages: { items: number; bytes: number; visited: number }[] = [];
  const views: object[] = [];
  let pageToken = "";
  do {
    let visited = 0;
    function* counted(after: string | undefined): Generator<Visit<object>> {
      for (const visit of list(after)) {
        visited += visit.cost;
        yield visit;
      }
    }
    const encoded: object[] = [];
    const encode = (view: object) => {
      encoded.push(view);
      return Buffer.from(JSON.stringify(view, (_, value) => (value instanceof Map ? [...value] : value)));
    };
    const listed = pageOf("things", { pageSize, pageToken }, counted, encode);
    if ("refusal" in listed) throw new Error(listed.refusal.message);
    const { items, nextPageToken } = listed.page;
    // The last one that is encoded may not fit.
    views.push(...encoded.slice(0, items.length));
    const bytes = items.reduce((sum, item) => sum + item.byteLength, 0);
    pages.push({ items: items.length, bytes, visited });
    pageToken = nextPageToken;
  } while (pageToken !== "");
  return { pages, views };
}

describe("a page of a list", () => {
  let dispatcher: Dispatcher;
  beforeEach(() => {
    dispatcher = new Dispatcher("s");
  });

  it("visits at most 2,500 topics, and is empty if none of them matches the filter", () => {
    for (let first = 0; first < MANY; first += PER_SESSION) openListener(dispatcher, first, named(first));

    const { pages } = readAll((after = "") => dispatcher.inspector.topics(after, "*.other.*"));

    expect(pages).toEqual([
      ...Array(FULL_PAGES).fill({ items: 0, bytes: 0, visited: MAX_VISITED }),
      { items: 0, bytes: 0, visited: MANY - FULL_PAGES * MAX_VISITED },
    ]);
  });

  it.each(["topic.number.9999", "topic.number.9999.>", "other.>", "zzz.*"])(
    "visits no topic that does not begin as the filter %s does",
    (filter) => {
      openListener(dispatcher, 1, named(0));

      const { pages } = readAll((after = "") => dispatcher.inspector.topics(after, filter));

      expect(pages.map(({ visited }) => visited)).toEqual([filter === "topic.number.9999" ? 2 : 0]);
    },
  );

  it("has the topics in the order of their names, each once", () => {
    const names = named(0).map((name, i) => `${(i * 7_919) % 10_007}.${name}`);
    openListener(dispatcher, 1, names);

    const { views } = readAll((after = "") => dispatcher.inspector.topics(after, ""));

    expect(views.map((view) => (view as { topic: string }).topic)).toEqual(names.sort());
  });

  it("visits at most 2,500 requests, the newest first", () => {
    for (let i = 0; i < MANY; i++) holdRequest(dispatcher, i % 5_000 === 0 ? "wanted" : "t", `r${i}`);

    const { pages, views } = readAll((before = "Infinity") =>
      dispatcher.inspector.requests(Number(before), "wanted", true),
    );

    expect(pages.map(({ visited }) => visited)).toEqual([
      ...Array(FULL_PAGES).fill(MAX_VISITED),
      MANY - FULL_PAGES * MAX_VISITED,
    ]);
    const ids = views.map((view) => (view as { requestId: string }).requestId);
    expect(ids).toEqual(["r25000", "r20000", "r15000", "r10000", "r5000", "r0"]);
  });

  it("visits at most 2,500 registrations, and the rest of the last producer's", () => {
    for (let i = 0; i < 4; i++) openProducer(dispatcher, i, named(0).slice(0, 6_000));

    const { pages } = readAll((after = "") => dispatcher.inspector.producers(after, "other.>"));

    expect(pages.map(({ visited }) => visited)).toEqual([6_001, 6_001, 6_001, 6_001, 0]);
  });

  it("has at most 64 KiB of producers, each with at most 1,000 registrations and the number of all", () => {
    for (let i = 0; i < 40; i++) openProducer(dispatcher, i, named(0).slice(0, 1_500));

    const { pages, views } = readAll((after = "") => dispatcher.inspector.producers(after, ""));

    expect(views).toHaveLength(40);
    for (const view of views) {
      const { registrations, registrationCount } = view as { registrations: []; registrationCount: number };
      expect([registrations.length, registrationCount]).toEqual([1_000, 1_500]);
    }
    expect(pages.reduce((sum, { items }) => sum + items, 0)).toBe(40);
    expect(Math.max(...pages.map(({ bytes }) => bytes))).toBeLessThanOrEqual(MAX_PAGE_BYTES);
  });

  it("has listeners with at most 1,000 topics, and the number of all", () => {
    openListener(dispatcher, 1, named(0));

    const { views } = readAll((after = "") => dispatcher.inspector.listeners(after, ""));

    const [{ topics, topicCount }] = views as [{ topics: []; topicCount: number }];
    expect([topics.length, topicCount]).toEqual([1_000, PER_SESSION]);
  });

  it("computes no routes for the topics that it has", () => {
    openListener(dispatcher, 1, ["*.*"]);
    openProducer(dispatcher, 2, ["a.b"]);

    const routes = vi.spyOn(Router.prototype, "routes");

    const [{ view }] = [...dispatcher.inspector.topics("", "")] as [Visit<object>];

    expect(view).toMatchObject({ topic: "a.b", producerCount: 1, listenerCount: 1 });
    expect(routes).not.toHaveBeenCalled();
    routes.mockRestore();
  });
});

describe("a request with 2,500 targets that failed with long texts", () => {
  it("shows the first targets, with texts that share a bound", () => {
    const dispatcher = new Dispatcher("s");
    for (let i = 0; i < 2_500; i++) openProducer(dispatcher, i, ["t"]);
    const effects = holdRequest(dispatcher, "t", "r");
    for (const effect of effects) {
      if (effect.kind !== "assign") continue;
      const failure = { code: 2, message: "x".repeat(10_000) };
      const { to: session, assignment } = effect;
      const reply = { session, assignment, assignmentText: "", more: false, payload: new Uint8Array() };
      dispatcher.step({ kind: "resultReturned", ...reply, failure }, 1);
    }

    const shown = dispatcher.inspector.request("r");
    const outcomes = shown?.request.summary.outcomes ?? [];
    expect([outcomes.length, shown?.request.summary.targetedCount]).toEqual([2_000, 2_500]);
    expect(outcomes.every(({ failure }) => failure?.message === "x".repeat(256))).toBe(true);
    expect(shown?.timeline).toHaveLength(2 + 2_000);
    const [{ view }] = [...dispatcher.inspector.requests(Number.POSITIVE_INFINITY, "", false)] as [
      Visit<RequestView>,
    ];
    expect(view?.summary.outcomes).toHaveLength(1_000);
  });
});

describe("an ended request", () => {
  it("stays in its place in the list as long as it is remembered", () => {
    const dispatcher = new Dispatcher("s", { recentRequests: 2 });
    for (const id of ["r1", "r2", "r3", "r4"]) holdRequest(dispatcher, "t", id);
    const listed = (pendingOnly: boolean) =>
      readAll((before = "Infinity") =>
        dispatcher.inspector.requests(Number(before), "", pendingOnly),
      ).views.map((view) => (view as { requestId: string }).requestId);
    const cancel = (requestId: string) =>
      dispatcher.step({ kind: "cancelRequested", session: undefined, requestId }, 0);

    cancel("r3");
    cancel("r1");
    expect(listed(false)).toEqual(["r4", "r3", "r2", "r1"]);
    expect(listed(true)).toEqual(["r4", "r2"]);
    cancel("r4");
    expect(listed(false)).toEqual(["r4", "r2", "r1"]);
  });
});

function named(first: number): string[] {
  return Array.from({ length: Math.min(PER_SESSION, MANY - first) }, (_, i) => `topic.number.${first + i}`);
}

function openListener(dispatcher: Dispatcher, session: number, topics: readonly string[]): void {
  stepToEnd(
    dispatcher,
    {
      ...{ kind: "listenerOpened", session, sessionId: "", listenerId: `l${session}`, mintedId: "", topics },
      ...{ resumeFrom: [], includeLate: false, includeSummaries: false, overflowAction: "DROP_OLDEST" },
      ...{ bufferBytes: 0, group: "", peer: "" },
    },
    0,
  );
}

function openProducer(dispatcher: Dispatcher, session: number, topics: readonly string[]): void {
  stepToEnd(
    dispatcher,
    {
      ...{ kind: "producerOpened", session, sessionId: "", producerId: `p${session}`, mintedId: "" },
      ...{ displayName: "", labels: [], registrations: topics.map((name) => ({ topic: name, group: "" })) },
      ...{ maxOutstanding: 0, maxBacklog: 0, reportDispositions: false, peer: "" },
    },
    0,
  );
}

function holdRequest(dispatcher: Dispatcher, name: string, requestId: string): readonly Effect[] {
  const spec = {
    ...{ topic: name, requestId, ttlMs: 60_000, payload: new Uint8Array(), completion: COMPLETE_ALL },
    ...{ selector: undefined, noProducersAction: "WAIT" as const },
  };
  return stepToEnd(
    dispatcher,
    {
      ...{ kind: "requestSubmitted", session: 0, correlationId: undefined, spec, mintedId: requestId },
      ...{ gather: false, excludeListeners: false, validateOnly: false, callDeadlineAt: undefined },
      ...{ context: NO_CONTEXT, waitedMs: 0, digest: requestId },
    },
    0,
  );
}
