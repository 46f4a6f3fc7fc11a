import { describe, expect, it } from "vitest";
import { pause } from "./time.js";

describe("a pause", () => {
  it.each([2 ** 31, 30 * 86_400_000, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])(
    "of %s ms, longer than a timer of Node.js, does not end at once",
    async (ms) => {
      const end = new AbortController();
      let isOver = false;
      const over = pause(ms, end.signal).then(() => {
        isOver = true;
      });
      await pause(50);

      expect(isOver).toBe(false);
      end.abort();
      await over;
    },
  );

  it.each([0, 0.4, -1])("of %s ms ends at once", async (ms) => {
    await pause(ms);
  });
});
