/** Things with a moment, newest first, gathered by the reader's day. Pure: which day a moment is of comes in. */
export type Day<Item> = { readonly key: string; readonly items: readonly Item[] };

export function byDay<Item extends { readonly at: string }>(items: readonly Item[], dayOf: (at: string) => string): Day<Item>[] {
  const days: { key: string; items: Item[] }[] = [];
  for (const item of items) {
    const key = dayOf(item.at);
    const last = days.at(-1);
    if (last?.key === key) last.items.push(item);
    else days.push({ key, items: [item] });
  }
  return days;
}
