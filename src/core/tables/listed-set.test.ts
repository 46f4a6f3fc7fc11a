import { expect, it } from "vitest";
import { ListedSet } from "./listed-set.js";

it("lists its items in the order of insertion, and leaves lists that were read as they are", () => {
  const set = new ListedSet([3, 1]);
  set.add(2);
  const before = set.list;
  set.delete(3);
  set.delete(7);
  set.add(3);

  expect(before).toEqual([3, 1, 2]);
  expect(set.list).toEqual([1, 2, 3]);
  expect(set.list).toBe(set.list);
  expect(set.size).toBe(3);
});
