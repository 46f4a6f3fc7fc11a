import type { Facts, Story } from "../facts.js";
import type { EventOf, SummaryFacts } from "../history.js";
import type { Finding, Invariant } from "./violation.js";

/** H12. */
export const oneEnd: Invariant = {
  name: "one end",
  promise: "each accepted request ends exactly once for its caller, with one outcome per target",
  *check({ facts }) {
    for (const [caller, story] of facts.callers) yield* atCaller(facts, caller, story);
    for (const [stream, story] of facts.streams) yield* once(story.all("listenerTold"), stream);
    for (const story of facts.requests.values()) {
      const accepted = story.first("accepted");
      for (const told of everyTelling(story)) {
        yield* coherent(told);
        if (accepted && accepted.targets.length > 0) yield* sameTargets(accepted, told);
      }
      yield* agreeing(story);
    }
  },
};

type Told = EventOf<"callerTold"> | EventOf<"listenerTold"> | EventOf<"cancellerTold">;

/** The recipients of the end of a request. */
export function everyTelling(story: Story): readonly Told[] {
  return [...story.all("callerTold"), ...story.all("listenerTold"), ...story.all("cancellerTold")];
}

function* once(told: readonly Told[], where: string): Generator<Finding> {
  const seen = new Map<string, Told>();
  for (const event of told) {
    const other = seen.get(event.requestId);
    if (other) yield [`${where} got the end of ${event.requestId} twice`, other, event];
    seen.set(event.requestId, event);
  }
}

function* atCaller(facts: Facts, caller: string, story: Story): Generator<Finding> {
  const submitted = story.all("submitted");
  const repeated = new Set(submitted.filter(({ isRepeat }) => isRepeat).map(({ requestId }) => requestId));
  const told = story.all("callerTold");
  // A repeated gather gets the end of the first one again.
  yield* once(
    told.filter(({ requestId }) => !repeated.has(requestId)),
    caller,
  );
  const broken = story.first("callerBroken") ?? story.all("callerEnded").find(({ code }) => code !== "OK");
  for (const request of submitted) {
    const { requestId, gather } = request;
    const isTaken = story.all("accepted").some((event) => event.requestId === requestId);
    const isRefused = story.all("refused").some((event) => event.requestId === requestId);
    const isLost = broken !== undefined || facts.isKilledWithin(request.at, Number.POSITIVE_INFINITY);
    if (!isTaken && !isRefused && !isLost) yield [`${requestId} was neither accepted nor rejected`, request];
    const ends = told.filter((event) => event.requestId === requestId).length;
    if (gather && isTaken && ends === 0 && !isLost)
      yield [`${requestId} has not ended for ${caller}`, request];
  }
  for (const event of story.all("refused")) {
    const isFault = broken !== undefined || facts.whole.has("serverKilled");
    if (event.code === "UNAVAILABLE" && !isFault) yield ["UNAVAILABLE, and nothing was wrong", event];
  }
}

/** The counts of a summary match its outcomes. */
function* coherent(told: Told): Generator<Finding> {
  const count = (...states: readonly string[]) =>
    told.outcomes.filter(({ state }) => states.includes(state)).length;
  const numbers = [told.targetedCount, told.answeredCount, told.failedCount, told.missingCount];
  const counted = [
    told.outcomes.length,
    count("ANSWERED"),
    count("FAILED"),
    count("MISSED", "DEPARTED", "SATURATED", "CANCELLED"),
  ];
  if (String(numbers) !== String(counted))
    yield [`the summary counts ${numbers}, its outcomes ${counted}`, told];
  const odd = told.outcomes.find(
    ({ state }) => !/^(ANSWERED|FAILED|MISSED|DEPARTED|SATURATED|CANCELLED)$/.test(state),
  );
  if (odd) yield [`${odd.producerId} is ${odd.state} in a summary`, told];
}

/** One outcome for each target; for a group, of the member that got the assignment last. */
function* sameTargets(accepted: EventOf<"accepted">, told: Told): Generator<Finding> {
  const name = (one: { readonly producerId: string; readonly group: string }) =>
    one.group === "" ? one.producerId : `group ${one.group}`;
  const asked = accepted.targets.map(name).sort().join(", ");
  const ended = told.outcomes.map(name).sort().join(", ");
  if (asked !== ended) yield [`targets are ${asked}; outcomes are of ${ended}`, accepted, told];
}

/** All recipients get the same end. Only a requester may get an earlier one, when its gather ends before the request. */
function* agreeing(story: Story): Generator<Finding> {
  const isEarly = story.first("submitted")?.letsRun ?? false;
  const same = [...story.all("listenerTold"), ...(isEarly ? [] : everyTelling(story))];
  const [first] = same;
  for (const told of same) {
    if (first && essence(first) !== essence(told)) yield ["two are told different ends", first, told];
  }
}

function essence({ reason, elapsedMs, satisfied, outcomes }: SummaryFacts): string {
  const states = outcomes.map(({ producerId, group, state, resultCount }) =>
    [producerId, group, state, resultCount].join(),
  );
  return [reason, elapsedMs.toFixed(3), satisfied, ...states].join(" ");
}
